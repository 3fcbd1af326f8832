//! What a described app will take: features, agents, tokens, cost, time.

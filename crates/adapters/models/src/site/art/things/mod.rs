//! Things that pictures show, cut from flat paper and lit from the upper left.

pub(super) mod city;
pub(super) mod craft;
pub(super) mod desk;
pub(super) mod food;
pub(super) mod health;
pub(super) mod home;
pub(super) mod nature;
pub(super) mod party;
pub(super) mod screen;
pub(super) mod sound;
pub(super) mod sport;
pub(super) mod table;

import "./copy.js";
import "./forms.js";
import "./live.js";
import "./palette.js";
import "./preview.js";
import "./refresh.js";

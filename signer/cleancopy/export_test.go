package cleancopy

// Full lets tests ask what counts as a full disk.
var Full = full

// Package hall is the opening hall (开标大厅): the list of openings, and the room of one, in the window or over the whole screen of a
// terminal, with large letters. It shows the platform's countdown, the five steps, the bidders as rows and the stand where keys are
// put in; what the host does stands beside them, and a supervisor sees all of it and no button.
package hall

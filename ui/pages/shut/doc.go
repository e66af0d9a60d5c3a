// Package shut is the window as long as what lies on this machine cannot be opened: what happened, what it means for what
// waits there, and what to do. Nothing else can be done in it; when the desk opens, the window gives way to the desk's own.
package shut

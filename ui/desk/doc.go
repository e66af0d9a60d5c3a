// Package desk is the work without a window: what a person does with keys, contracts and seals, step by step, in the
// words of the manuals. It joins the three pillars; pages show its states and pass on what the person does, and the
// command line scripts it. A Desk is the program's, a Session belongs to one logged-in party, and a Work is one contract
// on that party's desk: what the platform knows of it, what was typed, and the files on their way from upload to filed.
//
// Everything a person made is on disk before it is anywhere else: what was typed in a draft, files in the contract's
// folder, and what is to be sent in the outbox.
package desk

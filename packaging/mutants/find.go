package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"

	"sealdesk/packaging/probe"
)

// A mutant is a package in which one rule or step is left out.
type mutant struct {
	name  string // of the file, from where we stand
	what  string // what is left out, as the source has it
	probe probe.Probe
}

func (m mutant) place() string { return fmt.Sprintf("%s:%d", m.name, m.probe.Line) }

func (m mutant) String() string { return m.place() + ": " + m.what }

// find makes the mutants of a package, in the order of its files and lines.
func find(p probe.Package) ([]mutant, error) {
	here, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	var all []mutant
	for _, file := range p.Sources() {
		name, err := filepath.Rel(here, file)
		if err != nil {
			return nil, err
		}
		source, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		some, err := mutate(file, source)
		if err != nil {
			return nil, err
		}
		for i := range some {
			some[i].name = filepath.ToSlash(name)
		}
		all = append(all, some...)
	}
	return all, nil
}

// How the pieces are guarded.
var (
	rule = [2]string{"!" + probe.LeaveOut + " && (", ")"}
	call = [2]string{"func() error { if " + probe.LeaveOut + " { return nil }; return ", " }()"}
	stmt = [2]string{"if !" + probe.LeaveOut + " { ", " }"}
)

// mutate makes the mutants of one file:
//   - a condition that leads out of the function, or on to the next of a loop, or to a finding, is never met (a rule),
//     unless it only passes an error on;
//   - a call that nothing but its error is asked of is not made (a step).
func mutate(file string, source []byte) ([]mutant, error) {
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, file, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var all []mutant
	add := func(n ast.Node, guard [2]string) {
		from, to := set.Position(n.Pos()), set.Position(n.End())
		what := strings.Join(strings.Fields(string(source[from.Offset:to.Offset])), " ")
		all = append(all, mutant{what: what, probe: probe.Probe{File: file, Line: from.Line, From: from.Offset, To: to.Offset,
			Before: guard[0], After: guard[1]}})
	}
	ast.Inspect(tree, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.IfStmt:
			if asked := step(n); asked != nil {
				add(asked, call)
			} else if n.Else == nil && leads(n.Body.List) && !passesOn(n) {
				add(n.Cond, rule)
			}
		case *ast.SwitchStmt:
			if n.Tag != nil {
				return true
			}
			for _, c := range n.Body.List {
				if c := c.(*ast.CaseClause); leads(c.Body) {
					for _, cond := range c.List {
						add(cond, rule)
					}
				}
			}
		case *ast.ExprStmt:
			if call, ok := n.X.(*ast.CallExpr); ok && !harmless(call) {
				add(n, stmt)
			}
		}
		return true
	})
	return all, nil
}

// step is the call of "if err := call(); err != nil", nil where the statement is none.
func step(n *ast.IfStmt) *ast.CallExpr {
	a, ok := n.Init.(*ast.AssignStmt)
	if !ok || len(a.Lhs) != 1 || len(a.Rhs) != 1 || n.Else != nil {
		return nil
	}
	cond, ok := n.Cond.(*ast.BinaryExpr)
	if !ok || cond.Op != token.NEQ || !named(cond.X, "err") || !named(cond.Y, "nil") || !named(a.Lhs[0], "err") {
		return nil
	}
	call, _ := a.Rhs[0].(*ast.CallExpr)
	return call
}

func named(e ast.Expr, name string) bool {
	id, ok := e.(*ast.Ident)
	return ok && id.Name == name
}

// leads tells that statements end somewhere else, or find something.
func leads(body []ast.Stmt) bool {
	if len(body) == 0 {
		return false
	}
	switch last := body[len(body)-1].(type) {
	case *ast.ReturnStmt, *ast.BranchStmt:
		return true
	case *ast.ExprStmt:
		call, ok := last.X.(*ast.CallExpr)
		return ok && !harmless(call)
	}
	return false
}

// harmless tells of a call that only lets something go, or tells people what is being done.
func harmless(call *ast.CallExpr) bool {
	name := ""
	switch f := call.Fun.(type) {
	case *ast.Ident:
		name = f.Name
	case *ast.SelectorExpr:
		name = f.Sel.Name
	}
	switch name {
	case "panic", "Close", "close", "Lock", "Unlock", "RLock", "RUnlock", "Stop", "stop", "cancel", "clear", "Wait", "Done",
		"progress", "trace", "Trace", "Debug", "Info", "Warn":
		return true
	}
	return false
}

// passesOn tells of "if err != nil { return … err … }": which calls can fail, and what then, is for tests with faults.
func passesOn(n *ast.IfStmt) bool {
	cond, ok := n.Cond.(*ast.BinaryExpr)
	if !ok || cond.Op != token.NEQ || !named(cond.X, "err") || !named(cond.Y, "nil") || len(n.Body.List) != 1 {
		return false
	}
	out, ok := n.Body.List[0].(*ast.ReturnStmt)
	if !ok {
		return false
	}
	mentions := false
	ast.Inspect(out, func(n ast.Node) bool {
		e, ok := n.(ast.Expr)
		mentions = mentions || ok && named(e, "err")
		return true
	})
	return mentions
}

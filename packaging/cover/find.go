package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strings"

	"sealdesk/packaging/probe"
)

// A branching is a place of a source that goes on in several ways; its ways are the outcomes of its probe.
type branching struct {
	what  string
	ways  []int // outcomes: 0 and 1 of a condition, 1 alone of a clause
	probe probe.Probe
}

// How the pieces are wrapped.
var (
	condition = [2]string{probe.Met, ")"}
	entered   = [2]string{probe.Reached + ";", ""}
	otherwise = [2]string{"default: " + probe.Reached + ";", ""}
)

// branchings finds those of a file:
//   - conditions of if, for and switch without a tag, each operand of && and || by itself, which are met or not;
//   - clauses of a switch with a tag, of a type switch and of select, which are come to, and that none is, where a switch lets
//     this happen.
func branchings(file string, source []byte) ([]branching, error) {
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, file, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var all []branching
	add := func(what string, from, to token.Pos, wrap [2]string, ways ...int) {
		start, end := set.Position(from), set.Position(to)
		all = append(all, branching{what: strings.Join(strings.Fields(what), " "), ways: ways, probe: probe.Probe{File: file, Line: start.Line,
			From: start.Offset, To: end.Offset, Before: wrap[0], After: wrap[1]}})
	}
	text := func(n ast.Node) string {
		return string(source[set.Position(n.Pos()).Offset:set.Position(n.End()).Offset])
	}
	met := func(e ast.Expr) {
		if e != nil && !joined(e) {
			add(text(e), e.Pos(), e.End(), condition, 0, 1)
		}
	}
	clauses := func(body *ast.BlockStmt) {
		whole := false
		for _, c := range body.List {
			switch c := c.(type) {
			case *ast.CaseClause:
				whole = whole || c.List == nil
				add(string(source[set.Position(c.Pos()).Offset:set.Position(c.Colon).Offset]), c.Colon+1, c.Colon+1, entered, 1)
			case *ast.CommClause:
				whole = true
				add(string(source[set.Position(c.Pos()).Offset:set.Position(c.Colon).Offset]), c.Colon+1, c.Colon+1, entered, 1)
			}
		}
		if !whole {
			add("no case", body.Rbrace, body.Rbrace, otherwise, 1)
		}
	}
	ast.Inspect(tree, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GenDecl:
			return n.Tok != token.CONST
		case *ast.IfStmt:
			met(n.Cond)
		case *ast.ForStmt:
			met(n.Cond)
		case *ast.BinaryExpr:
			if n.Op == token.LAND || n.Op == token.LOR {
				met(n.X)
				met(n.Y)
			}
		case *ast.SwitchStmt:
			if n.Tag != nil {
				clauses(n.Body)
				break
			}
			for _, c := range n.Body.List {
				for _, cond := range c.(*ast.CaseClause).List {
					met(cond)
				}
			}
		case *ast.TypeSwitchStmt:
			clauses(n.Body)
		case *ast.SelectStmt:
			clauses(n.Body)
		}
		return true
	})
	return all, nil
}

// joined tells of a condition whose operands are conditions.
func joined(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.ParenExpr:
		return joined(e.X)
	case *ast.UnaryExpr:
		return e.Op == token.NOT && joined(e.X)
	case *ast.BinaryExpr:
		return e.Op == token.LAND || e.Op == token.LOR
	}
	return false
}

// Package calendar counts days as the law does: which days are worked, when a legal term ends and how much of it is left. Both
// the holidays and the terms are tables, embedded as they were known when this was built, and each can be replaced by a file:
// the arrangement of a year is announced only in the autumn before it, and laws are revised. Days are those of Asia/Shanghai.
package calendar

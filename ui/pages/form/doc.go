// Package form is the page of one contract: 新增合同签订 and 修改 for the side that starts it, 查看合同签订 for the other
// side. What is typed is kept on this machine a second after the last key; what is sent goes into the outbox first. The
// page never decides what may be done: each button asks the desk, which gives the reason when it may not.
package form

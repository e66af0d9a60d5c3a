// Package riverjobs runs the platform's jobs by River, in the PostgreSQL database that the servers share: one of them puts
// each job in when it is due, any of them does it, and another one does when that one dies.
package riverjobs

// Package proxy shows how the platform is reached: the choice of a proxy, for the page of settings and for the login page, and the
// question for the login that a proxy wants.
package proxy

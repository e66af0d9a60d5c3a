// Package bind shows what an account may do that logged in by its password (账号登录): bind certificates of its organisations to
// itself, with the key that signs for it once, and take them off again. A certificate whose organisation is not the one of the
// platform's record is not bound, and the difference is shown.
package bind

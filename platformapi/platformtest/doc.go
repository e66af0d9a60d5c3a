// Package platformtest holds the suite that every implementation of platformapi.Platform passes, and the small world it
// runs in: a platform server with a lot, three organisations with certificates of their own CA, and paper seals, which
// stand for PDF signatures where only the platform is under test.
package platformtest

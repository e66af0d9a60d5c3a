// Package checkup is 检测环境: the dialog that walks from the USB port to the certificate and over what else the program needs,
// says at which step something is wrong and what to do, and makes the bundle for whoever helps. It is opened from the login page,
// where nobody has come in yet, and from the page of keys.
package checkup

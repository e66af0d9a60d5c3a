// Package handset drives the phone's app in a headless Chromium of a phone's size, with a camera before which a picture can be
// held: what people do on their phones, for tests of the app and of what the phone is asked by.
package handset

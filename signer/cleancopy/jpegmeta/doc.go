// Package jpegmeta takes out of JPEG pictures what cameras and programs write beside the picture: Exif with place and
// time, XMP, thumbnails of what was cropped away, comments, and whatever follows the end of the picture.
package jpegmeta

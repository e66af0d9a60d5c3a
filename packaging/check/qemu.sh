#!/bin/sh
# Runs a program of another processor in a root that brings the emulator along as /qemu: sh qemu.sh ROOT PROGRAM ARGUMENT…
# What the program starts of itself is emulated, too, by the kernel's binfmt_misc.
root=$1
shift
exec chroot "$root" "$@"

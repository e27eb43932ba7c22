# shellcheck shell=bash
# Packages of Ubuntu, for mmdebstrap. Sourced, never run.

# shellcheck disable=SC2034  # for the scripts that source this file
readonly UBUNTU_OPTIONS=("--components=main,universe" "--keyring=$CACHE/ubuntu.gpg") UBUNTU_MIRROR=http://archive.ubuntu.com/ubuntu

# make_ubuntu_keyring: once. Debian has Ubuntu's keys, but not in its release 12.
make_ubuntu_keyring() {
    [[ ! -e $CACHE/ubuntu.gpg ]] || return 0
    quietly mmdebstrap --variant=extract --include=ubuntu-archive-keyring trixie "$CACHE/keys.partial.tar" &&
        tar -x -O -f "$CACHE/keys.partial.tar" ./usr/share/keyrings/ubuntu-archive-keyring.gpg >"$CACHE/ubuntu.gpg.partial" &&
        mv "$CACHE/ubuntu.gpg.partial" "$CACHE/ubuntu.gpg" && rm "$CACHE/keys.partial.tar"
}

# shellcheck shell=bash
# What scripts/build and scripts/push share: the engine, the repository and the tag of the checkout.
# Sourced, not run.

# shellcheck disable=SC2034  # for those that source it
REPOSITORY=${TECHNE_ECR_REPOSITORY:-ai-techne-academy/processor}

say() {
    printf '%s\n' "$*" >&2
}

die() { # MESSAGE [EXIT CODE]
    say "${0##*/}: $1"
    exit "${2:-1}"
}

# The first engine that works: a docker client without an engine doesn't.
find_engine() {
    local engine
    for engine in docker podman buildah; do
        if command -v "$engine" >/dev/null && "$engine" info >/dev/null 2>&1; then
            printf '%s\n' "$engine"
            return
        fi
    done
    die "No docker, podman or buildah works here: install one, or start it. 'docker info' says what docker lacks."
}

# The commit of HEAD. A tag must say what is in the image, so a changed tree has none.
clean_commit() {
    local changes
    changes=$(git status --porcelain) || die "This is no git checkout, so no commit can name the image."
    [[ -z $changes ]] || die "The checkout has changes that no commit has:"$'\n'"$changes"$'\n'"$1"
    git rev-parse --short=12 HEAD
}

// Names of the embedded upstream, for commands that load it only when it is asked for.

/** As it is typed behind `--upstream`. */
export const EMBEDDED = 'embedded'

/** The namespace of upstream's images in a registry that has the embedded ones. */
export const UPSTREAM_NAMESPACE = 'siderolabs'

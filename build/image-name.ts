// The parts of an image's name, as package URLs have them:
// https://github.com/package-url/purl-spec/blob/main/types-doc/oci-definition.md

export type ImageName = {
  /** Registry and repository. */
  readonly repository: string
  /** The last part of the repository. */
  readonly name: string
  readonly tag: string | undefined
}

/** `registry:5000/a/name:tag@sha256:…`; the digest is left out. */
export function splitImageName(reference: string): ImageName {
  const [named = ''] = reference.split('@')
  const slash = named.lastIndexOf('/')
  const colon = named.indexOf(':', slash + 1)
  const repository = colon < 0 ? named : named.slice(0, colon)
  return { repository, name: repository.slice(slash + 1), tag: colon < 0 ? undefined : named.slice(colon + 1) }
}

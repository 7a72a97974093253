// References to images as a user writes them: the grammar of a registry reference
// (https://github.com/distribution/reference/blob/v0.6.0/reference.go) and the transports of containers-transports(5).
import { isDigest, type Digest } from '../../bytes/digest.ts'
import { FormatError } from '../../errors.ts'

export type RegistryReference = {
  readonly kind: 'registry'
  /** Host, with the port where one is given; IPv6 in brackets. */
  readonly registry: string
  readonly repository: string
  readonly tag?: string
  readonly digest?: Digest
}

/**
 * An image layout, as a folder or as one tar. `tag` is an `org.opencontainers.image.ref.name`, `digest` of an entry.
 */
export type LayoutReference = {
  readonly kind: 'oci' | 'oci-archive'
  readonly path: string
  readonly tag?: string
  readonly digest?: Digest
}

/** An archive of `docker save`. `tag` is one of its RepoTags. */
export type DockerArchiveReference = { readonly kind: 'docker-archive'; readonly path: string; readonly tag?: string }

/**
 * One of imager's outputs in a file of its own: a UKI, an ISO or a raw disk; no image. With `within` a file of the asset
 * tree that this names, and `path` its place there: no user writes that.
 */
export type MediumReference = {
  readonly kind: 'uki' | 'iso' | 'raw'
  readonly path: string
  readonly within?: Reference
}

/** A folder of boot assets; no image. */
type DirectoryReference = { readonly kind: 'dir'; readonly path: string }

export type Reference =
  | RegistryReference
  | LayoutReference
  | DockerArchiveReference
  | MediumReference
  | DirectoryReference

const FORMS =
  'HOST/REPOSITORY[:TAG][@DIGEST], oci:PATH[:TAG], oci-archive:PATH[:TAG], docker-archive:PATH[:TAG], dir:PATH, uki:PATH, iso:PATH or raw:PATH'
/** A path and a reference of 255 characters; nothing longer is looked at. */
const MAX_LENGTH = 4096 + 512
/** Limit for registry and repository together (distribution/reference NameTotalLengthMax). */
const MAX_NAME_LENGTH = 255
const DOCKER_HUB = 'docker.io'

const TAG = /^\w[\w.-]{0,127}$/
const COMPONENT = /^[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*$/
const HOST_NAME = /^[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*$/
const IPV6 = /^\[[0-9a-fA-F:]{2,39}\]$/
/** org.opencontainers.image.ref.name: https://github.com/opencontainers/image-spec/blob/v1.1.1/annotations.md */
const REF_NAME = /^[A-Za-z0-9]+(?:(?:[-._:@+]|--|\/)[A-Za-z0-9]+)*$/

export function isMedium(reference: Reference): reference is MediumReference {
  return ['uki', 'iso', 'raw'].includes(reference.kind)
}

/** FormatError MALFORMED, naming the forms that are, for what is none of them. */
export function parseReference(text: string): Reference {
  if (text.length > MAX_LENGTH) throw malformed(text, `it has more than ${MAX_LENGTH} characters`)
  const colon = text.indexOf(':')
  const rest = text.slice(colon + 1)
  switch (text.slice(0, Math.max(colon, 0))) {
    case 'oci':
      return parseLayout('oci', rest, text)
    case 'oci-archive':
      return parseLayout('oci-archive', rest, text)
    case 'docker-archive':
      return { kind: 'docker-archive', ...splitPath(rest, text) }
    case 'dir':
      return { kind: 'dir', path: parsePath(rest, text) }
    case 'uki':
      return { kind: 'uki', path: parsePath(rest, text) }
    case 'iso':
      return { kind: 'iso', path: parsePath(rest, text) }
    case 'raw':
      return { kind: 'raw', path: parsePath(rest, text) }
    default:
      return parseRegistry(text)
  }
}

/** The text that parses to this reference; of a medium within a tree `dir:assets!metal-arm64.iso`. */
export function renderReference(reference: Reference): string {
  if ('within' in reference && reference.within !== undefined)
    return `${renderReference(reference.within)}!${reference.path}`
  const tag = 'tag' in reference && reference.tag !== undefined ? `:${reference.tag}` : ''
  const digest = 'digest' in reference && reference.digest !== undefined ? `@${reference.digest}` : ''
  return reference.kind === 'registry'
    ? `${reference.registry}/${reference.repository}${tag}${digest}`
    : `${reference.kind}:${reference.path}${tag}${digest}`
}

/** A path to the end of the text, colons too: these references have no tag. */
function parsePath(rest: string, text: string): string {
  if (rest === '') throw malformed(text, 'the path is missing')
  return rest
}

function parseLayout(kind: 'oci' | 'oci-archive', rest: string, text: string): LayoutReference {
  const at = rest.lastIndexOf('@')
  const digest = at < 0 ? '' : rest.slice(at + 1)
  if (isDigest(digest)) return { kind, ...splitPath(rest.slice(0, at), text), digest }
  return { kind, ...splitPath(rest, text) }
}

/**
 * Splits as skopeo does: the path ends at the first colon, since a tag may be a whole reference with colons of its own.
 */
function splitPath(rest: string, text: string): { readonly path: string; readonly tag?: string } {
  const colon = rest.indexOf(':')
  const path = colon < 0 ? rest : rest.slice(0, colon)
  if (path === '') throw malformed(text, 'the path is missing')
  if (colon < 0) return { path }
  const tag = rest.slice(colon + 1)
  if (!REF_NAME.test(tag)) throw malformed(text, `${quote(tag)} is no tag`)
  return { path, tag }
}

function parseRegistry(text: string): RegistryReference {
  if (/^[./~]/.test(text)) throw malformed(text, `a path needs its kind before it, such as docker-archive:${text}`)
  const at = text.indexOf('@')
  const digest = at < 0 ? undefined : text.slice(at + 1)
  if (digest !== undefined && !isDigest(digest)) throw malformed(text, `${quote(digest)} is no digest`)
  const name = at < 0 ? text : text.slice(0, at)
  const colon = name.indexOf(':', name.lastIndexOf('/') + 1)
  const tagged = colon >= 0 && !isHostOnly(name)
  const tag = tagged ? name.slice(colon + 1) : undefined
  if (tag !== undefined && !TAG.test(tag)) throw malformed(text, `${quote(tag)} is no tag`)
  return {
    kind: 'registry',
    ...parseName(tagged ? name.slice(0, colon) : name, text),
    ...(tag !== undefined && { tag }),
    ...(digest !== undefined && { digest }),
  }
}

/** `[::1]:5000` has colons but neither a repository nor a tag. */
function isHostOnly(name: string): boolean {
  return name.startsWith('[') && !name.includes('/')
}

function parseName(name: string, text: string): { readonly registry: string; readonly repository: string } {
  const slash = name.indexOf('/')
  const first = name.slice(0, Math.max(slash, 0))
  const named = first === 'localhost' || /[.:A-Z[]/.test(first)
  const registry = named && first !== 'index.docker.io' ? first : DOCKER_HUB
  let repository = named ? name.slice(slash + 1) : name
  if (registry === DOCKER_HUB && !repository.includes('/')) repository = `library/${repository}`
  if (!isHost(registry)) throw malformed(text, `${quote(registry)} is no name of a host`)
  if (registry.length + 1 + repository.length > MAX_NAME_LENGTH)
    throw malformed(text, `its name has more than ${MAX_NAME_LENGTH} characters`)
  const wrong = repository.split('/').find((component) => !COMPONENT.test(component))
  if (wrong !== undefined) throw malformed(text, `${quote(wrong)} is no part of a repository's name`)
  return { registry, repository }
}

function isHost(registry: string): boolean {
  const [, host = '', port] = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(registry) ?? []
  if (!HOST_NAME.test(host) && !IPV6.test(host)) return false
  return port === undefined || (/^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535)
}

function quote(text: string): string {
  return JSON.stringify(text.length > 140 ? `${text.slice(0, 140)}…` : text)
}

function malformed(text: string, reason: string): FormatError {
  return new FormatError('reference', 'MALFORMED', `expected ${FORMS}, got ${quote(text)}: ${reason}`)
}

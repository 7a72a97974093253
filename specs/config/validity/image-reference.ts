// References as github.com/google/go-containerregistry v0.21 pkg/name accepts them, in its weak form.

/** `registry/repository:tag@digest`; the registry and tag may be missing. */
export function isImageReference(text: string): boolean {
  const at = text.indexOf('@')
  const named = at < 0 ? text : text.slice(0, at)
  if (at >= 0 && !/^[a-z0-9]+:[a-f0-9]{64}$/.test(text.slice(at + 1))) return false
  const colon = named.lastIndexOf(':')
  const hasTag = colon >= 0 && !named.slice(colon + 1).includes('/')
  const tag = hasTag ? named.slice(colon + 1) : 'latest'
  const path = hasTag ? named.slice(0, colon) : named
  if (!/^[a-zA-Z0-9_.-]{1,128}$/.test(tag)) return false
  const slash = path.indexOf('/')
  const first = path.slice(0, Math.max(slash, 0))
  const hasRegistry = slash >= 0 && (/[.:]/.test(first) || first === 'localhost')
  const repository = hasRegistry ? path.slice(slash + 1) : path
  if (hasRegistry && !/^[^\s/@?#[\]\\]+$|^\[[0-9a-fA-F:]+\](:\d+)?$/.test(first)) return false
  return /^[a-z0-9_\-./]{2,255}$/.test(repository)
}

// The header Link of a list in pages: https://www.rfc-editor.org/rfc/rfc8288#section-3 and
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-tags
import { RegistryError, type Location } from '../../../errors.ts'
import { EMPTY_ELEMENTS, HeaderScan, SPACE, TOKEN } from './header-scan.ts'

const TARGET = /<[^<>\s\p{Cc}]*>/uy

/** The target with the relation `next`, as it is written; undefined where there is none. REGISTRY_PROTOCOL otherwise. */
export function parseNextLink(header: string, at: Location): string | undefined {
  const scan = new HeaderScan(header, 'Link', at)
  for (;;) {
    scan.take(EMPTY_ELEMENTS)
    if (scan.ended()) return undefined
    const target = scan.expect(TARGET, '<URL>').slice(1, -1)
    if (readRelations(scan).includes('next')) return target
  }
}

/** The first `rel` of a link, in lower case (RFC 8288, 3.3: others must be ignored). */
function readRelations(scan: HeaderScan): readonly string[] {
  let relations: readonly string[] | undefined
  scan.take(SPACE)
  while (scan.sees(';')) {
    scan.position++
    scan.take(SPACE)
    const name = scan.expect(TOKEN, 'the name of a parameter').toLowerCase()
    scan.take(SPACE)
    if (scan.take(/=/y) === undefined) continue
    scan.take(SPACE)
    const value = scan.value()
    scan.take(SPACE)
    if (name === 'rel') relations ??= value.toLowerCase().split(/\s+/)
  }
  if (!scan.ended() && !scan.sees(',')) throw scan.error('a comma')
  return relations ?? []
}

/**
 * The next page's path and query. It is asked for with our credentials, so it must be on the registry itself
 * (CVE-2026-85732): RegistryError REGISTRY_PROTOCOL for another origin.
 */
export function resolveNextLink(target: string, page: URL, at: Location): string {
  const next = URL.parse(target, page)
  if (next === null || next.origin !== page.origin)
    throw new RegistryError('REGISTRY_PROTOCOL', `Link: expected the next page on ${page.origin}, got another origin`, {
      at,
    })
  return `${next.pathname}${next.search}`
}

// Documents that Talos does not take together: siderolabs/talos pkg/machinery/config/container/container.go, New.
import type { YamlPlace } from '../../formats/yaml/nodes.ts'
import type { Schema } from '../schema/schema.ts'
import type { ReadDocument } from './documents.ts'
import type { Problem } from './problem.ts'

/** The kinds that configure a link of the document's name, and, for a pair, one more. */
const LINK_KINDS = new Set([
  'BondConfig',
  'BridgeConfig',
  'DummyLinkConfig',
  'LinkConfig',
  'VethConfig',
  'VLANConfig',
  'VRFConfig',
  'WireguardConfig',
])

export function findExclusions(schema: Schema, documents: readonly ReadDocument[]): readonly Problem[] {
  const problems: Problem[] = []
  const seen = new Map<string, ReadDocument>()
  const links = new Map<string, ReadDocument>()
  for (const document of documents) {
    const { kind } = document
    const structure = schema.kinds.get(kind ?? 'v1alpha1')
    if (structure === undefined) continue
    const name = structure.named ? (document.name ?? '') : ''
    const id = `${kind ?? 'v1alpha1'}/${name}`
    const same = seen.get(id)
    if (same !== undefined) problems.push(report(document, `is there twice, first at line ${same.root.at.line}`))
    seen.set(id, document)
    const excluded = structure.excludes
      .map((other) => seen.get(`${other}/${name}`))
      .find((other) => other !== undefined)
    if (excluded !== undefined)
      problems.push(
        report(document, `cannot be given beside ${excluded.kind} of that name, at line ${excluded.root.at.line}`),
      )
    if (schema.minor !== '1.14' || kind === undefined || !LINK_KINDS.has(kind)) continue
    for (const link of linksOf(document)) {
      const owner = links.get(link)
      if (owner !== undefined && excluded === undefined && same === undefined)
        problems.push(
          report(
            document,
            `configures the link ${JSON.stringify(link)}, as ${owner.kind} at line ${owner.root.at.line} does`,
            'name',
          ),
        )
      links.set(link, document)
    }
  }
  return problems
}

function linksOf({ kind, name, root }: ReadDocument): readonly string[] {
  if (kind !== 'VethConfig') return [name ?? '']
  const peer = root.entries.get('peer')?.value
  const peerName = peer?.kind === 'map' ? peer.entries.get('name')?.value : undefined
  return [name ?? '', peerName?.kind === 'scalar' ? (peerName.value ?? '') : '']
}

function report(document: ReadDocument, message: string, key = 'kind'): Problem {
  const at: YamlPlace = document.root.entries.get(key)?.keyAt ?? document.root.at
  const label = [document.kind ?? 'v1alpha1', document.name ?? ''].join(' ').trim()
  return { class: 'document', at, key: label, message }
}

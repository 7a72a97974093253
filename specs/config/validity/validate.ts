// All that Talos' validation holds against a configuration that it can read, in metal mode.
import type { YamlPlace } from '#harness/formats/yaml/nodes.ts'
import type { Reading } from '#harness/machine-config/reading/read.ts'
import type { MapValue } from '#harness/machine-config/reading/value.ts'
import { schemaOf } from '#harness/machine-config/schema/schema.ts'
import { minorNumber, type Checks, type Fail, type Violation, type ViolationClass } from './check.ts'
import { checkCombinations, type Documents } from './combinations.ts'
import { CONFLICTS, conflictsWith, sectionOf } from './conflicts.ts'
import { BGP_CHECKS } from './kinds/bgp.ts'
import { BLOCK_CHECKS } from './kinds/block.ts'
import { CONTAINER_CHECKS } from './kinds/container.ts'
import { CRI_CHECKS } from './kinds/cri.ts'
import { KUBERNETES_CHECKS } from './kinds/kubernetes.ts'
import { LINK_CHECKS } from './kinds/links.ts'
import { NETWORK_CHECKS } from './kinds/network.ts'
import { RUNTIME_CHECKS } from './kinds/runtime.ts'
import { STORAGE_CHECKS } from './kinds/storage.ts'
import { checkMain, isControlPlane } from './v1alpha1/config.ts'
import { View } from './view.ts'

const CHECKS: Checks = {
  ...BGP_CHECKS,
  ...BLOCK_CHECKS,
  ...CONTAINER_CHECKS,
  ...CRI_CHECKS,
  ...KUBERNETES_CHECKS,
  ...LINK_CHECKS,
  ...NETWORK_CHECKS,
  ...RUNTIME_CHECKS,
  ...STORAGE_CHECKS,
}

const validated = new WeakMap<Reading, readonly Violation[]>()

/** Violations in the order of upstream: documents, conflicts with v1alpha1, then what documents need of one another. */
export function validate(reading: Reading): readonly Violation[] {
  const known = validated.get(reading)
  if (known !== undefined) return known
  const violations: Violation[] = []
  const failAs =
    (of: ViolationClass): Fail =>
    ({ at, key }, message, more = {}) => {
      violations.push({ class: of, at, key, message, ...more })
    }
  const minor = minorNumber(reading.minor)
  const { kinds } = schemaOf(reading.minor)
  const documents = reading.documents.filter(({ type }) => type !== undefined)
  const views = documents.map(({ kind, name, root }) => {
    const label = kind === undefined ? '' : `${kind}${name === undefined || name === '' ? '' : ` ${name}`}: `
    return { kind, doc: new View(root, placeOfDocument(root), label) }
  })
  const main = views.find(({ kind }) => kind === undefined)?.doc
  for (const { kind, doc } of views) {
    const check = kind === undefined ? checkMain : CHECKS[kind]
    check?.({ doc, minor, fail: failAs('value'), failExpression: failAs('expression') })
  }
  for (const { kind, doc } of views) {
    if (main === undefined || kind === undefined) continue
    const conflict = CONFLICTS.find(
      (one) => one.kind === kind && one.since <= minor && conflictsWith(one, main.get(...one.field.split('.')), doc),
    )
    if (conflict === undefined) continue
    const field = main.get(...conflict.field.split('.'))
    failAs('conflict')(
      new View(field.value, main.get(...sectionOf(conflict).split('.')).at, field.key),
      `says what ${kind} says, at line ${doc.get('kind').at.line}: only one of them can`,
    )
    violations.push({
      class: 'conflict',
      at: doc.get('kind').at,
      key: kind,
      message: `is the other of the two, beside ${field.key}`,
      isNote: true,
    })
  }
  if (minor >= 14) {
    const all: Documents = { main, ofKind: (kind) => views.filter((view) => view.kind === kind).map(({ doc }) => doc) }
    checkCombinations(all, failAs('combination'))
    if (main === undefined || !isControlPlane(main))
      for (const { kind, doc } of views)
        if (kinds.get(kind ?? '')?.controlPlaneOnly === true)
          failAs('control plane')(doc.get('kind'), 'is for control planes only', { got: kind ?? '' })
  }
  validated.set(reading, violations)
  return violations
}

/** The place to report a document's missing field at: its name, or its kind. */
function placeOfDocument({ entries, at }: MapValue): YamlPlace {
  return entries.get('name')?.keyAt ?? entries.get('kind')?.keyAt ?? at
}

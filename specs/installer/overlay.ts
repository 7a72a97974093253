// The options of a board's overlay as imager writes them into an installer: siderolabs/talos pkg/imager/out.go
// (`overlay/extra-options`), yaml.Marshal of a map.
import { writeGoScalar } from '#harness/formats/yaml/go-scalar.ts'
import type { Contract } from '../contract/contract.ts'

type Options = NonNullable<NonNullable<Contract['overlays']>[number]['options']>

const INDENT = 4

/** The YAML document; keys in Go's order, in which `_` comes before letters. */
export function overlayOptionsText(options: Options = {}): string {
  const lines = Object.keys(options)
    .toSorted((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1))
    .map((key) => {
      const value = options[key] ?? ''
      return `${writeGoScalar(key, 0)}: ${typeof value === 'string' ? writeGoScalar(value, INDENT) : value}\n`
    })
  return lines.join('') || '{}\n'
}

function sortKey(name: string): string {
  return name.replaceAll('_', '\0')
}

// The canonical form of a schematic, of which its id is the sha256: siderolabs/image-factory pkg/schematic/schematic.go,
// Marshal and ID (yaml.Marshal of the struct, empty fields left out, of an overlay name and image always written).
import { createHash } from 'node:crypto'
import { FormatError } from '../../errors.ts'
import { isWrittenDifferently, writeGoScalar } from '../../formats/yaml/go-scalar.ts'
import type { OptionValue, Schematic } from './schematic.ts'

const INDENT = 4
/** Columns of what is in a list, before the text of a block. */
const IN_LIST = 2

/** Lines of a block, the first at no indentation. */
type Lines = readonly string[]

/** FormatError `schematic` UNSUPPORTED for a text that releases of go-yaml write differently. */
export function writeSchematic({ owner, overlay, customization }: Schematic): string {
  const { image, name, options } = overlay
  const hasOverlay = image !== '' || name !== '' || Object.keys(options).length > 0
  const own = customizationLines(customization)
  const lines = [
    ...field('owner', owner, 0),
    ...(hasOverlay
      ? [
          'overlay:',
          ...indented([
            `image: ${writeText(image, 2 * INDENT)}`,
            `name: ${writeText(name, 2 * INDENT)}`,
            ...nested('options', optionLines(options)),
          ]),
        ]
      : []),
    ...(own.length === 0 ? ['customization: {}'] : nested('customization', own)),
  ]
  return lines.map((line) => `${line}\n`).join('')
}

export function schematicId(text: string | Uint8Array): string {
  return createHash('sha256').update(text).digest('hex')
}

function customizationLines(customization: Schematic['customization']): Lines {
  const { embeddedMachineConfiguration, extraKernelArgs, meta, systemExtensions } = customization
  const { bootloader, secureboot, diskImage } = customization
  const values = meta.flatMap(({ key, value }) => [`- key: ${key}`, `  value: ${writeText(value, 3 * INDENT)}`])
  return [
    ...field('embeddedMachineConfiguration', embeddedMachineConfiguration, INDENT),
    ...nested('extraKernelArgs', items(extraKernelArgs, 2 * INDENT)),
    ...nested('meta', values),
    ...nested('systemExtensions', nested('officialExtensions', items(systemExtensions.officialExtensions, 3 * INDENT))),
    ...field('bootloader', bootloader, INDENT),
    ...nested('secureboot', [
      ...field('enrollKeys', secureboot.enrollKeys, 2 * INDENT),
      ...(secureboot.includeWellKnownCertificates ? ['includeWellKnownCertificates: true'] : []),
    ]),
    ...nested('diskImage', diskImage.sectorSize === 0 ? [] : [`sectorSize: ${diskImage.sectorSize}`]),
  ]
}

/** In Go's order, in which `_` comes before letters. */
function optionLines(options: Readonly<Record<string, OptionValue>>): Lines {
  return Object.entries(options)
    .map(([name, value]) => [name.replaceAll('_', '\0'), name, value] as const)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, name, value]) => {
      const text = typeof value === 'string' ? writeText(value, 3 * INDENT) : String(value)
      return `${writeText(name, 0)}: ${text}`
    })
}

/** A field of type string of a struct at `indent`; none where it is empty. */
function field(name: string, value: string, indent: number): Lines {
  return value === '' ? [] : [`${name}: ${writeText(value, indent + INDENT)}`]
}

/** `indent` is the column of the dash. */
function items(values: readonly string[], indent: number): Lines {
  return values.map((value) => `- ${writeText(value, indent + IN_LIST)}`)
}

function nested(name: string, lines: Lines): Lines {
  return lines.length === 0 ? [] : [`${name}:`, ...indented(lines)]
}

/** The lines of a text in a block have their indentation already. */
function indented(lines: Lines): Lines {
  return lines.map((line) => ' '.repeat(INDENT) + line)
}

function writeText(text: string, indent: number): string {
  if (isWrittenDifferently(text))
    throw new FormatError(
      'schematic',
      'UNSUPPORTED',
      `how Image Factory writes ${JSON.stringify(text.slice(0, 40))} depends on its release`,
    )
  return writeGoScalar(text, indent)
}

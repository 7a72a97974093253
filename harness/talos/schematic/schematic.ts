// A schematic, from which Image Factory makes an image: siderolabs/image-factory pkg/schematic/schematic.go @ main of
// August 2026; older ones have a part of its fields. Unknown keys are refused there too.
import { z } from 'zod'
import { goList, validate } from '../../formats/yaml/schema.ts'
import { parseGoInteger } from '../../machine-config/yaml/tag.ts'
import { readGoValue } from './go-value.ts'

/** What SecureBoot does with its keys, in `loader.conf`. */
const ENROLL_KEYS = ['', 'off', 'manual', 'if-safe', 'force']
/** siderolabs/talos pkg/machinery/imager/imageropts; `none` is the release's own choice, and never written. */
const BOOTLOADERS = ['', 'dual-boot', 'sd-boot', 'grub']
const MAX_KEY = 255
const MAX_SECTOR_SIZE = 1 << 20
const TRUE = new Set(['true', 'True', 'TRUE', 'y', 'Y', 'yes', 'on'])
const FALSE = new Set(['false', 'False', 'FALSE', 'n', 'N', 'no', 'off'])
/** Options whose order Go and we agree on: it sorts digits by the numbers that they make. */
const OPTION = /^[A-Za-z_]+$/

const scalar = z.strictObject({ text: z.string(), tag: z.string() })

/** A field of type string: any scalar as it is written; '' where it is absent. */
const goText = scalar.nullish().transform((value) => value?.text ?? '')

const goFlag = scalar.nullish().transform((value, context): boolean => {
  const { text = '' } = value ?? {}
  if (value && !TRUE.has(text) && !FALSE.has(text)) context.addIssue(`expected true or false, got ${text.slice(0, 80)}`)
  return TRUE.has(text)
})

const goNumber = (most: number) =>
  scalar.nullish().transform((value, context): number => {
    const number = value ? parseGoInteger(value.text.replaceAll('_', '')) : 0n
    if (number !== undefined && number >= 0n && number <= BigInt(most) && (!value || value.tag === '!!int'))
      return Number(number)
    context.addIssue(`expected a whole number up to ${most}, got ${value?.text.slice(0, 80)}`)
    return 0
  })

const goWord = (words: readonly string[]) =>
  goText.transform((text, context) => {
    const word = text.toLowerCase() === 'none' ? '' : text.toLowerCase()
    if (!words.includes(word)) context.addIssue(`expected ${words.slice(1).join(', ')}, got ${text.slice(0, 80)}`)
    return word
  })

/** A struct: absent and null are its zero value, unknown keys are errors. */
function goStruct<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.preprocess((value) => value ?? {}, z.strictObject(shape))
}

export type OptionValue = string | boolean | bigint

/** `any` in Go: the type is what the scalar says. */
const option = scalar.transform(({ text, tag }, context): OptionValue => {
  if (tag === '!!str') return text
  if (tag === '!!bool') return TRUE.has(text)
  const number = tag === '!!int' ? parseGoInteger(text.replaceAll('_', '')) : undefined
  if (number !== undefined) return number
  context.addIssue(`expected a text, true or false, or a whole number, got ${tag} ${text.slice(0, 80)}`)
  return ''
})

const schematic = goStruct({
  owner: goText,
  overlay: goStruct({
    image: goText,
    name: goText,
    options: z
      .record(z.string().regex(OPTION, 'expected a name of letters and _'), option)
      .nullish()
      .transform((value) => value ?? {}),
  }),
  customization: goStruct({
    embeddedMachineConfiguration: goText,
    extraKernelArgs: goList(goText),
    meta: goList(goStruct({ key: goNumber(MAX_KEY), value: goText })),
    systemExtensions: goStruct({ officialExtensions: goList(goText) }),
    bootloader: goWord(BOOTLOADERS),
    secureboot: goStruct({ enrollKeys: goWord(ENROLL_KEYS), includeWellKnownCertificates: goFlag }),
    diskImage: goStruct({ sectorSize: goNumber(MAX_SECTOR_SIZE) }),
  }),
})

/** Every field has a value: '', false, 0 and an empty list are what Go's zero value says. */
export type Schematic = z.output<typeof schematic>

/**
 * The first document of a stream. FormatError `yaml` for what go-yaml does not read, SchemaError for unknown fields and
 * values of another type.
 */
export function parseSchematic(bytes: Uint8Array, path: string): Schematic {
  return validate('schematic', schematic, readGoValue(bytes, path), { path })
}

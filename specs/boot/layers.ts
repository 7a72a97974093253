// The layers that init enables, against those that the image lists.
import type { Location } from '#harness/errors.ts'
import type { ConsoleBoot } from '#harness/talos/boot/console.ts'
import type { BootFinding, BootJudge } from '../support/boot/rule.ts'
import { unheard } from './unheard.ts'

/** go-kmsg cuts a line at 972 bytes, and puts this behind it. */
const CUT = '...'
const MIN_CUT = 900

/** init says its release before it lists the layers: siderolabs/talos internal/app/init/main.go. */
const BEGINS_LATE =
  'the console begins behind the line in which init says its release: it may have enabled more layers before'

/** Judges each start; BOOT-001 says where one did not come as far. */
export const judgeLayers: BootJudge = (observed) => {
  const {
    console: { boots, where },
    layers,
    unlisted = 'it has no extensions.yaml',
    talos,
  } = observed
  const [first] = boots
  if (first === undefined) return [{ at: where, kind: 'unknown', message: 'the console shows no start of the machine' }]
  if (layers === undefined)
    return [{ at: first.at, kind: 'unknown', message: `nothing says which layers the image lists: ${unlisted}` }]
  // The last layer is on top: init goes through them backwards.
  const expected = layers.toReversed().map(({ name, version }) => `${name} ${version}`)
  return boots.flatMap((boot) => {
    const wrong = boot.executing === undefined ? [toUnfinished(boot)] : judgeBoot(boot, expected)
    const isShort = boot.layers.length < expected.length
    const begins = boot.talos === undefined && boot.executing !== undefined ? BEGINS_LATE : undefined
    const unseen = unheard(boot, observed) ?? begins
    return [
      ...(isShort && unseen !== undefined ? [{ at: boot.at, kind: 'unknown' as const, message: unseen }] : wrong),
      ...noteTalos(boot, talos),
    ]
  })
}

function judgeBoot({ at, talos, layers, entering }: ConsoleBoot, expected: readonly string[]): readonly BootFinding[] {
  const got = layers.map(({ text }) => text)
  const lists = { expected: expected.join(', ') || 'none', got: got.join(', ') || 'none' }
  const place = layers[0]?.at ?? talos?.at ?? at
  const missing = expected.filter((name) => !got.some((text) => isSame(text, name)))
  const extra = layers.filter(({ text }) => !expected.some((name) => isSame(text, name)))
  const again = layers.filter(({ text }, index) => got.indexOf(text) < index)
  const late = layers.filter(({ at: own }) => isBehind(own, entering))
  const wrong = [
    ...missing
      .filter((name) => otherVersion(name, extra) === undefined)
      .map((name) => ({ at: place, message: `init does not enable ${name}, which the image lists`, ...lists })),
    ...extra.map((one) => ({ at: one.at, message: describeExtra(one.text, missing), ...lists })),
    ...again.map((one) => ({ at: one.at, message: `init enables ${one.text} once more`, ...lists })),
    ...late.map((one) => ({ at: one.at, message: `init enables ${one.text} after it entered the root filesystem` })),
  ]
  if (entering === undefined) wrong.push({ at: place, message: 'init does not enter the root filesystem' })
  if (wrong.length > 0) return wrong
  const isInOrder = got.length === expected.length && got.every((text, index) => isSame(text, expected[index] ?? ''))
  return isInOrder
    ? []
    : [{ at: place, message: 'init enables the layers in another order than the image lists them', ...lists }]
}

function describeExtra(text: string, missing: readonly string[]): string {
  const listed = missing.find((name) => nameOf(name) === nameOf(text))
  return `init enables ${text}, ${listed === undefined ? 'which the image does not list' : `the image lists ${listed}`}`
}

/** The layer of the same name among `extra`. */
function otherVersion(name: string, extra: ConsoleBoot['layers']): string | undefined {
  return extra.find(({ text }) => nameOf(text) === nameOf(name))?.text
}

/** A name has no blank: specs/extensions holds that. */
function nameOf(text: string): string {
  return text.slice(0, text.indexOf(' '))
}

function toUnfinished({ at, layers }: ConsoleBoot): BootFinding {
  const message = 'the console ends before /sbin/init: init may enable more layers than it did so far'
  return { at: layers.at(-1)?.at ?? at, kind: 'unknown', message }
}

function isSame(text: string, expected: string): boolean {
  if (text === expected) return true
  return text.length >= MIN_CUT && text.endsWith(CUT) && expected.startsWith(text.slice(0, -CUT.length))
}

function isBehind(at: Location, entering: Location | undefined): boolean {
  return entering?.line !== undefined && at.line !== undefined && at.line > entering.line
}

function noteTalos({ talos: booted }: ConsoleBoot, claimed: string | undefined): readonly BootFinding[] {
  if (booted === undefined || claimed === undefined || booted.text === claimed) return []
  return [{ at: booted.at, kind: 'note', message: `init says that it is of ${booted.text}, the image of ${claimed}` }]
}

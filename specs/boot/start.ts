// Whether the machine started: what init, the kernel and the end of the console say.
import type { ConsoleBoot, Trouble } from '#harness/talos/boot/console.ts'
import type { BootEnd, BootFinding, BootJudge, ListedLayer, ObservedBoot } from '../support/boot/rule.ts'
import { unheard } from './unheard.ts'

/** Judges each start that the console shows; a machine that was not seen to start is judged by the end. */
export const judgeStart: BootJudge = (boot) => {
  const { boots } = boot.console
  if (boots.length === 0) return [judgeEnd(undefined, boot)]
  return boots.flatMap((one, at) => {
    const next = boots[at + 1]
    const trouble = troubleOf(one, boot)
    if (trouble !== undefined) return [trouble]
    if (next !== undefined)
      return one.executing === undefined ? [{ at: next.at, message: 'the machine starts again before /sbin/init' }] : []
    if (one.executing === undefined || boot.end.kind === 'output') return [judgeEnd(one, boot)]
    return judgeLeaving(one, boot)
  })
}

/** The first thing that went wrong, and which layer it is about. */
function troubleOf(one: ConsoleBoot, { layers = [] }: ObservedBoot): BootFinding | undefined {
  const { troubles, complaints, executing } = one
  const trouble = troubles.find(({ kind }) => kind !== 'power-off' || executing === undefined)
  if (trouble === undefined) return undefined
  const about = complaints.findLast(({ at }) => (at.line ?? 0) <= (trouble.at.line ?? 0))
  const layer = stoppedBy([trouble.text, about?.text ?? ''].join('\n'), layers)
  return {
    at: trouble.at,
    message: [
      describeTrouble(trouble),
      ...(layer === undefined ? [] : [layer]),
      ...(about === undefined ? [] : [`the kernel says: ${about.text}`]),
    ].join('; '),
  }
}

function describeTrouble({ kind, text }: Trouble): string {
  return {
    panic: `the kernel panics: ${text}`,
    failure: `init stops: ${text.replace(/:$/, '')}`,
    countdown: `the machine is about to restart: ${text}`,
    asleep: `init stops for ever: ${text}`,
    restart: `the machine ends: ${text}`,
    'power-off': `the machine ends before /sbin/init: ${text}`,
  }[kind]
}

/**
 * The layer that a message is about: by the file that it names, by its loop device (init attaches the layers in the order of
 * mounting, the last first and the root filesystem behind them all), or by the compression that the kernel does not know.
 */
function stoppedBy(text: string, layers: readonly ListedLayer[]): string | undefined {
  const name = ({ name: of, image }: ListedLayer): string => `the layer is ${of} (${image})`
  const [, file] = /\bopen \/?(\S+\.sqsh)\b/.exec(text) ?? []
  if (file === 'rootfs.sqsh') return ROOTFS
  const named = layers.find(({ image }) => image === file)
  if (named !== undefined) return name(named)
  const [, loop] = /\bloop(\d+)\b/.exec(text) ?? []
  if (loop !== undefined) {
    if (Number(loop) === layers.length) return ROOTFS
    const mounted = layers.toReversed()[Number(loop)]
    return mounted && name(mounted)
  }
  const [, compression] = /^Filesystem uses "(.*)" compression/m.exec(text) ?? []
  const [only, second] = compression === undefined ? [] : layers.filter((one) => one.compression === compression)
  return only === undefined || second !== undefined ? undefined : name(only)
}

const ROOTFS = 'it is about the root filesystem (rootfs.sqsh)'

/** The finding about a machine that was not seen to come as far as /sbin/init, or that says too much. */
function judgeEnd(one: ConsoleBoot | undefined, boot: ObservedBoot): BootFinding {
  const {
    console: { last, where, lines },
    end,
  } = boot
  const at = last?.at ?? one?.at ?? where
  const got = last === undefined ? 'no line at all' : `as its last line: ${last.text}`
  const mute = end.kind === 'output' ? undefined : unheard(one, boot)
  if (mute !== undefined) return { at, kind: 'unknown', message: mute }
  if (end.kind === 'saved')
    return {
      at,
      kind: 'unknown',
      message: `the console ends before /sbin/init, after ${lines} lines: nothing says what came then`,
    }
  const expected = 'executing /sbin/init'
  if (one?.executing !== undefined) return { at, message: reasonOf(end), got }
  return { at, message: `${reasonOf(end)}, and /sbin/init is not reached`, expected, got }
}

/**
 * The findings about a machine that came to /sbin/init and is gone while it was watched. machined ends no machine by itself
 * (siderolabs/talos internal/app/machined/main.go: what goes wrong restarts it); a program that stands in its place may,
 * and then nothing is known of machined. A saved console may be of a machine that somebody shut down.
 */
function judgeLeaving(one: ConsoleBoot, { console: { last, where }, end }: ObservedBoot): readonly BootFinding[] {
  if (end.kind === 'saved') return []
  const off = one.troubles.find(({ kind }) => kind === 'power-off')
  if (off === undefined)
    return end.kind === 'exited'
      ? [{ at: last?.at ?? where, message: `${reasonOf(end)}, behind /sbin/init, and the kernel does not say why` }]
      : []
  if (one.machined !== undefined)
    return [
      { at: off.at, message: `machined started, and the machine ends: ${off.text}`, expected: 'a node that stays' },
    ]
  const message = `what runs as /sbin/init says nothing as machined does, and ends the machine: ${off.text}`
  return [{ at: off.at, kind: 'note', message }]
}

function reasonOf(end: Exclude<BootEnd, { readonly kind: 'saved' }>): string {
  const seconds = `${Math.round(end.seconds)} s`
  return {
    settled: `the guest was ended after ${seconds}`,
    troubled: `the guest was ended after ${seconds}`,
    exited: `the guest ends by itself after ${seconds}`,
    time: `the time of ${seconds} is over`,
    output: `the guest prints without end, and was ended after ${seconds}`,
  }[end.kind]
}

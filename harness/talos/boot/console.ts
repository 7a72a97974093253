// The console of a booting machine as facts: the lines that Talos' init prints in the initramfs, and what the kernel says
// when it goes wrong. siderolabs/talos v1.11.5, v1.13.9 and main of 2026-08-21: internal/app/init/main.go,
// internal/pkg/mount/switchroot/switchroot.go, internal/app/machined/main.go; siderolabs/go-kmsg v0.1.4 writer.go; K
// kernel/panic.c, kernel/reboot.c.
import type { Location } from '../../errors.ts'
import { ConsoleLines } from './console-lines.ts'

type Placed = { readonly text: string; readonly at: Location }

/**
 * - `panic`: of the kernel, its reason.
 * - `failure`: init gave up, `early boot failed: …`.
 * - `countdown`: the seconds before init, or machined behind it, restarts the machine.
 * - `asleep`: the same where the command line has `panic=0`.
 * - `restart`, `power-off`: the kernel did it.
 */
type TroubleKind = 'panic' | 'failure' | 'countdown' | 'asleep' | 'restart' | 'power-off'
export type Trouble = Placed & { readonly kind: TroubleKind }

/** One start of the machine. */
export type ConsoleBoot = {
  /** The first line. */
  readonly at: Location
  /** The release that init says it is of, `v1.11.5`. */
  readonly talos?: Placed
  /** `enabling system extension …`: name and version, in the order of the lines. */
  readonly layers: readonly Placed[]
  /** `entering the rootfs`: every layer is mounted. */
  readonly entering?: Location
  /** `executing /sbin/init`: the initramfs is left. */
  readonly executing?: Location
  /** The first line of machined, which is Talos' /sbin/init. */
  readonly machined?: Location
  readonly troubles: readonly Trouble[]
  /** Lines of the kernel and of the firmware that say why something does not work. */
  readonly complaints: readonly Placed[]
}

export type Console = {
  readonly where: Location
  readonly bytes: number
  readonly lines: number
  /** Starts of which anything is known; none where neither kernel nor init said a word. */
  readonly boots: readonly ConsoleBoot[]
  /** The last line that is not blank. */
  readonly last?: Placed
}

type GrowingBoot = {
  at: Location
  talos?: Placed
  layers: Placed[]
  entering?: Location
  executing?: Location
  machined?: Location
  troubles: Trouble[]
  complaints: Placed[]
}

/** What is kept of each kind; a genuine boot has some ten layers, and one trouble is enough. */
const MAX_BOOTS = 100
const MAX_LAYERS = 1000
const MAX_OTHERS = 100

const INIT = '[talos] [initramfs] '
const MACHINED = '[talos] '
const ENABLING = `${INIT}enabling system extension `
/** Before its logger is there init writes with Go's own, and machined with a shorter prefix. */
const SPOKEN = String.raw`^(?:\[talos\] (?:\[initramfs\] )?|\d{4}/\d\d/\d\d \d\d:\d\d:\d\d )?`
const TROUBLES: readonly (readonly [TroubleKind, RegExp])[] = [
  ['panic', /^Kernel panic - not syncing:? ?(.*)$/],
  ['failure', new RegExp(`${SPOKEN}recovered from: (.*)$`)],
  ['countdown', new RegExp(String.raw`${SPOKEN}(rebooting in \d+ seconds)$`)],
  ['asleep', new RegExp(String.raw`${SPOKEN}(panic=0 kernel flag found[.,] sleeping forever)$`)],
  ['restart', /^(reboot: (?:Restarting system|System halted).*)$/],
  ['power-off', /^(reboot: Power down.*)$/],
]
const COMPLAINT =
  /^(?:Filesystem uses ".*" compression|(?:squashfs: )?SQUASHFS error|Initramfs unpacking failed|Failed to execute |EFI stub: ERROR|VFS: Cannot open root device|overlayfs: )/
const KERNEL = /^Booting Linux on physical CPU |^Linux version /

/** Reads a console as it grows. */
export class ConsoleReader {
  readonly #lines: ConsoleLines
  readonly #boots: GrowingBoot[] = []
  #last: Placed | undefined

  constructor(where: Location) {
    this.#lines = new ConsoleLines(where)
  }

  push(chunk: Uint8Array): void {
    for (const line of this.#lines.push(chunk)) this.#take(line)
  }

  /** The facts so far. The line that has not ended counts: a guest may be ended in the middle of one. */
  read(): Console {
    for (const line of this.#lines.end()) this.#take(line)
    const { where, bytes, count } = this.#lines
    return {
      where,
      bytes,
      lines: count,
      boots: this.#boots.filter((boot, at) => !isBare(boot) || at === this.#boots.length - 1),
      ...(this.#last !== undefined && { last: this.#last }),
    }
  }

  /** True where init has handed over. */
  get isExecuting(): boolean {
    return this.#boots.at(-1)?.executing !== undefined
  }

  /** True where something went wrong that init does not come back from. */
  get isTroubled(): boolean {
    return this.#boots.some(({ troubles }) => troubles.some(({ kind }) => kind !== 'power-off'))
  }

  #take({ text, at }: Placed): void {
    if (text.trim() === '') return
    this.#last = { text, at }
    if (KERNEL.test(text)) return this.#begin(at, (boot) => isBare(boot))
    if (text.startsWith(INIT)) return this.#takeInit(text, at)
    const boot = this.#boots.at(-1)
    if (boot?.executing !== undefined && text.startsWith(MACHINED)) boot.machined ??= at
    return this.#takeOther(text, at)
  }

  /** The boot that goes on where `goesOn`, or another. */
  #begin(at: Location, goesOn: (boot: GrowingBoot) => boolean): void {
    const boot = this.#boots.at(-1)
    if (boot !== undefined && (goesOn(boot) || this.#boots.length === MAX_BOOTS)) return
    this.#boots.push({ at, layers: [], troubles: [], complaints: [] })
  }

  #boot(at: Location): GrowingBoot {
    this.#begin(at, () => true)
    const boot = this.#boots.at(-1)
    if (boot === undefined) throw new Error('expected a boot')
    return boot
  }

  #takeInit(text: string, at: Location): void {
    const [, talos] = /^booting \S+ (\S+)$/.exec(text.slice(INIT.length)) ?? []
    if (talos !== undefined) {
      this.#begin(at, (boot) => boot.talos === undefined && boot.executing === undefined)
      const boot = this.#boot(at)
      boot.talos ??= { text: talos, at }
      return
    }
    const boot = this.#boot(at)
    if (text.startsWith(ENABLING)) {
      if (boot.layers.length < MAX_LAYERS) boot.layers.push({ text: text.slice(ENABLING.length), at })
    } else if (text === `${INIT}entering the rootfs`) boot.entering ??= at
    else if (text === `${INIT}executing /sbin/init`) boot.executing ??= at
    else this.#takeOther(text, at)
  }

  #takeOther(text: string, at: Location): void {
    for (const [kind, pattern] of TROUBLES) {
      const [, said] = pattern.exec(text) ?? []
      if (said === undefined) continue
      const { troubles } = this.#boot(at)
      if (troubles.length < MAX_OTHERS) troubles.push({ kind, text: said, at })
      return
    }
    if (!COMPLAINT.test(text)) return
    const { complaints } = this.#boot(at)
    if (complaints.length < MAX_OTHERS) complaints.push({ text, at })
  }
}

/** Nothing but the kernel's first lines, which a console may repeat. */
function isBare({ talos, layers, entering, executing, troubles }: GrowingBoot): boolean {
  return [talos, entering, executing].every((one) => one === undefined) && layers.length + troubles.length === 0
}

/** The facts of a console that was saved; `path` names it in places. */
export function readConsole(bytes: Uint8Array, path: string): Console {
  const reader = new ConsoleReader({ path })
  reader.push(bytes)
  return reader.read()
}

// A start of an image, top to bottom: options, the image, its console, the console as a candidate, verdict, exit status.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeError, HarnessError } from '#harness/errors.ts'
import { defaultCacheFolder } from '#harness/oci/cache/layout.ts'
import { readConsole } from '#harness/talos/boot/console.ts'
import { readBounded } from '../judge/bounded-file.ts'
import { UsageError } from '../cli/command-line.ts'
import { printFailure } from '../cli/failure.ts'
import { catchInterrupt } from '../cli/interrupt.ts'
import { deliverVerdict } from '../cli/verdict-files.ts'
import { bootCandidate } from '../judge/boots/candidate.ts'
import { loadContract, loadRuleIndex, loadWaivers } from '../judge/candidates/inputs.ts'
import { judgeCandidates } from '../judge/run/judge-candidates.ts'
import { BOOT_SPEC_GLOB, type SpecRun } from '../judge/run/spec-run.ts'
import type { BootSummary, Conformance } from '../judge/verdict/conformance.ts'
import { printable } from '../judge/verdict/printable.ts'
import { writeWhole } from '../judge/verdict/report-file.ts'
import { writeBootFiles, writeUki } from './files.ts'
import { runGuest, type Ended } from './guest.ts'
import { openBootImage, type BootImage } from './image.ts'
import { BOOT_REPORT, parseBootOptions, type BootOptions } from './options.ts'
import { findFirmware, findQemu, hasKvm, qemuArguments, type Start } from './qemu.ts'

/** A saved console of days. */
const MAX_LOG_BYTES = 64 << 20

type Seen = Omit<Ended, 'bytes'> & { readonly by: BootSummary['by'] }

/**
 * `args` without node and script; `started` runs the specs of boots, and is closed here. Gives the exit status; prints
 * everything that there is to say.
 */
export async function boot(args: readonly string[], started?: SpecRun): Promise<number> {
  const interrupt = catchInterrupt('nothing was judged, and the guest is ended')
  try {
    const options = parseBootOptions(args)
    if (options === undefined) return 0
    return await deliverVerdict(options, BOOT_REPORT, () => judgeBoot(options, started, interrupt.signal))
  } catch (error) {
    return interrupt.statusOf(printFailure(interrupt.signal.aborted ? interrupt.signal.reason : error))
  } finally {
    interrupt.release()
    await started?.close()
  }
}

async function judgeBoot(
  options: BootOptions,
  started: SpecRun | undefined,
  signal: AbortSignal,
): Promise<Conformance> {
  const ruleIndex = await loadRuleIndex()
  const contract = await loadContract(options.contract)
  const waivers = await loadWaivers(options)
  // Before anything is pulled: without it nothing comes of it.
  const program = options.log === undefined ? await findQemu(options.qemu) : ''
  const image = await openBootImage(options, contract.value, signal)
  try {
    const { by, ...seen } =
      options.log === undefined ? await startImage(program, image, options, signal) : await readLog(options.log)
    const terms = {
      reference: image.name,
      digest: image.part.digest,
      variant: image.variant,
      contract: contract.value,
      by,
    }
    const candidate = bootCandidate({ ...seen, ...image.lists }, '0', terms)
    return await judgeCandidates(
      { candidates: [candidate], partsOf: () => [] },
      {
        ruleIndex,
        contract,
        lock: undefined,
        waivers,
        selected: undefined,
        cacheFolder: defaultCacheFolder(),
        contents: false,
        specs: BOOT_SPEC_GLOB,
        started,
      },
    )
  } finally {
    await image.close()
  }
}

async function readLog(path: string): Promise<Seen> {
  const console = readConsole(await readBounded(path, MAX_LOG_BYTES), path)
  return { console, end: { kind: 'saved' }, by: 'saved' }
}

/** Starts the image; its console is written beside the report. */
async function startImage(program: string, image: BootImage, options: BootOptions, signal: AbortSignal): Promise<Seen> {
  const { timeout, settle, memory, report = BOOT_REPORT } = options
  const consolePath = `${report.replace(/\.json$/, '')}.console.txt`
  const folder = await mkdtemp(join(tmpdir(), 'talos-boot-'))
  try {
    const start = await writeStart(image, folder, options)
    const kvm = await hasKvm()
    say(
      `booting ${image.name} ${kvm ? 'with KVM' : 'in emulation'}, by ${start.by === 'firmware' ? start.firmware : 'its kernel'}; ${timeout} s at most`,
    )
    const { bytes, ...ended } = await runGuest(program, qemuArguments(start, { memory, kvm }), {
      timeout,
      settle,
      consolePath,
      signal,
    })
    await writeWhole(consolePath, bytes)
    return { ...ended, by: start.by }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** UsageError for an image of which nothing can be started. */
async function writeStart(
  { part, name }: BootImage,
  folder: string,
  { direct, firmware: given }: BootOptions,
): Promise<Start> {
  try {
    const firmware = direct ? undefined : await findFirmware(given)
    const hasUki = await part.talos.uki().then(
      () => true,
      (error: unknown) => !(error instanceof HarnessError && error.code === 'UNSUPPORTED'),
    )
    if (firmware !== undefined && hasUki) return await writeUki(part, folder, firmware)
    if (!hasUki && given !== undefined)
      throw new UsageError(`${name} has no UKI for firmware to start: leave out --firmware`)
    if (!direct && hasUki)
      say(
        'no EFI firmware is installed (package qemu-efi-aarch64): the kernel is started by itself, the UKI is not tried',
      )
    return await writeBootFiles(part, folder, say)
  } catch (error) {
    if (error instanceof HarnessError)
      throw new UsageError(`${name} cannot be started: ${describeError(error)}`, { cause: error })
    throw error
  }
}

function say(text: string): void {
  process.stderr.write(`${printable(text)}\n`)
}

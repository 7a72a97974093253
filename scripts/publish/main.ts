// Publishing, top to bottom: what is there to publish, whether it may be, who signs; push; pull back and judge.
import { join } from 'node:path'
import { makeAttachments, type Evidence } from '#build/publish/attachments.ts'
import { layoutBills } from '#build/publish/bills.ts'
import { PublishError } from '#build/publish/publish-error.ts'
import { blobsOf, publish as push, toPublication } from '#build/publish/publish.ts'
import { openVariantLayout, type VariantLayout } from '#build/publish/variant-layout.ts'
import { SigningError, type Signer } from '#build/signing/signer.ts'
import { areaFolder, defaultCacheFolder } from '#harness/oci/cache/layout.ts'
import { HarnessError, RegistryError } from '#harness/errors.ts'
import type { Contract } from '#specs/contract/contract.ts'
import { lockCommand, type Lock } from '#specs/contract/lock.ts'
import { UsageError } from '../cli/command-line.ts'
import { loadContract, loadLock, loadRuleIndex, lockPlace, type Loaded } from '../judge/candidates/inputs.ts'
import { renderBug, renderFailure } from '../cli/failure.ts'
import { catchInterrupt } from '../cli/interrupt.ts'
import { toArguments } from '../cli/judge-options.ts'
import { printable } from '../judge/verdict/printable.ts'
import { REPORT_PATH } from '../judge/verdict/report-file.ts'
import { openPusher } from '../cli/registry-options.ts'
import { readGate, RefusedError } from './gate.ts'
import { parseOptions, repositoryOf, type PublishCommand } from './options.ts'
import { startPushProgress } from './progress.ts'
import { gather } from './requirements.ts'
import { renderNext, renderPublished } from './render.ts'
import { isNamed, openSigner } from './signer.ts'
import { contractFile, readSource } from './source.ts'
import { verifyPublished, type Judge, type Published } from './verify.ts'

type PinnedLock = Lock & { readonly talos: string }
type Inputs = {
  readonly contract: Loaded<Contract>
  readonly lock: Loaded<PinnedLock>
  readonly variants: readonly string[]
}

/** `args` without node and script. Gives the exit status; prints everything that there is to say. */
export async function publish(args: readonly string[], judge: Judge = judgeByMainJob): Promise<number> {
  const interrupt = catchInterrupt('rerun to resume')
  const layouts: VariantLayout[] = []
  try {
    const options = parseOptions(args)
    if (options === undefined) return 0
    const inputs = await readInputs(options)
    const { contract, lock } = inputs
    for (const variant of inputs.variants)
      layouts.push(
        await openVariantLayout(join(options.folder, variant), { variant, contract: contract.value, lock: lock.value }),
      )
    const published = await publishLayouts(layouts, inputs, options, interrupt.signal)
    // The main job has its own way to end.
    interrupt.release()
    const { references } = published
    const status = options.verify ? await verifyPublished(published, options, judge) : 0
    if (status === 0)
      process.stdout.write(printable(renderNext(references, options.verify, nextOptions(options)), { lines: true }))
    return status
  } catch (error) {
    const failure = describeFailure(interrupt.signal.aborted ? interrupt.signal.reason : error)
    process.stderr.write(`${failure.text}\n`)
    return interrupt.statusOf(failure.exit)
  } finally {
    interrupt.release()
    await Promise.all(layouts.map((layout) => layout.close()))
  }
}

async function readInputs(options: PublishCommand): Promise<Inputs> {
  const contract = await loadContract(options.contract)
  const lock = await loadLock(options.lock)
  const path = lock?.path ?? lockPlace()
  if (lock?.value.talos === undefined)
    throw new UsageError(
      `${path} pins no Talos release: give the lock that the images were built from with --lock; ${lockCommand(undefined)} writes one`,
    )
  const known = Object.keys(contract.value.variants)
  const variants = options.variant ?? known
  const unknown = variants.find((one) => !known.includes(one))
  if (unknown !== undefined) throw new UsageError(`unknown variant ${unknown}; defined: ${known.join(', ')}`)
  return { contract, lock: { ...lock, value: { ...lock.value, talos: lock.value.talos } }, variants }
}

/** Gives what is published now, and on which verdict. */
async function publishLayouts(
  layouts: readonly VariantLayout[],
  { contract, lock }: Inputs,
  options: PublishCommand,
  signal: AbortSignal,
): Promise<Published> {
  const startedOn = new Date()
  const { force, namespace } = options
  const { registry } = namespace
  const path = options.contract ?? contractFile(contract.path)
  const ruleIndex = await loadRuleIndex()
  const [source, gate, signer] = await gather([
    readSource(options.revision, { contract: contract.value, path }),
    readGate({ path: options.report ?? REPORT_PATH, force, layouts, contract, lock, ruleIndex }),
    openNamedSigner(options, contract),
  ])
  if (gate.forced) process.stderr.write(`warning: forced, and the provenance says so: ${printable(gate.verdict)}\n`)
  else if (gate.waived.length > 0) process.stderr.write(`${printable(gate.verdict)}: the provenance says so\n`)
  if (signer !== undefined) process.stderr.write(`signing as ${printable(signer.name)}\n`)
  const facts = { lock: lock.value, contract: contract.value }
  const publications = layouts.map((layout) => toPublication(layout, repositoryOf(namespace, layout.variant), facts))
  const evidence: Evidence = {
    ...source,
    startedOn,
    gate: { verdict: gate.verdict, forced: gate.forced, waived: gate.waived },
    ...facts,
    signer,
    sbom: layoutBills({
      lock: lock.value,
      spoolFolder: areaFolder(options.cache ?? defaultCacheFolder(), 'spool'),
      limits: options.limit,
      warn: (message) => process.stderr.write(`warning: ${printable(message)}\n`),
    }),
    conformance: gate.report,
    judged: gate.judged,
    tagsOnly: options.tagSignaturesOnly,
  }
  const client = await openPusher(registry, options)
  const total = publications.flatMap(blobsOf).reduce((sum, { size }) => sum + size, 0)
  const progress = startPushProgress(process.stderr, total)
  let phases = 0
  try {
    const outcome = await push(client, publications, {
      signal,
      signed: signer !== undefined,
      onPhase: (phase) => {
        phases += 1
        progress.phase(phase)
      },
      onBytes: progress.advance,
      attach: ({ layout, repository }, image) =>
        makeAttachments(image, { variant: layout.variant, repository: `${registry}/${repository}` }, evidence),
    })
    progress.stop()
    process.stdout.write(printable(renderPublished(registry, publications, outcome), { lines: true }))
  } catch (error) {
    // Before anything was written there is nothing to go on with.
    if (phases > 1 && error instanceof RegistryError)
      process.stderr.write('what was pushed stays, and no version tag names half of it: rerun to resume\n')
    throw error
  } finally {
    progress.stop()
    await client.close()
  }
  const references = publications.map(({ repository, tags }) => `${registry}/${repository}:${tags.installer.version}`)
  return { references, report: gate.report }
}

/** The signer, whom the contract names unless forced. Errors of `openSigner`. */
async function openNamedSigner(options: PublishCommand, contract: Loaded<Contract>): Promise<Signer | undefined> {
  const signer = await openSigner(options)
  if (signer === undefined || options.force || isNamed(signer, contract.value)) return signer
  throw new UsageError(
    `${contract.path} does not name ${signer.name} among signing.signers, so that SUP-001 would be red: name it and build again, or sign as one of them`,
  )
}

/** The options that both the images and their verdict are named with. */
function nextOptions({ contract, lock, reference }: PublishCommand): string {
  return toArguments({ contract, lock, reference })
    .map((argument) => ` ${argument}`)
    .join('')
}

export async function judgeByMainJob(args: readonly string[]): Promise<number> {
  const { main } = await import('../test/main.ts')
  return main(args)
}

/** One sentence and the exit status: 1 the image may not be published, 2 it cannot be done here or like this. */
export function describeFailure(error: unknown): { readonly text: string; readonly exit: 1 | 2 } {
  const known = [UsageError, RefusedError, PublishError, SigningError, HarnessError].find(
    (type) => error instanceof type,
  )
  if (known === undefined) return { text: renderBug(error), exit: 2 }
  const isUsage = [UsageError, SigningError, RegistryError].some((type) => error instanceof type)
  return { text: renderFailure(error as Error), exit: isUsage ? 2 : 1 }
}

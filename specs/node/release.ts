// The release that a node booted, and what it will boot next.
import { HarnessError } from '#harness/errors.ts'
import { REDACTED, redactConfig, redactText } from '#harness/machine-config/redact.ts'
import type { ObservedNode, Told } from '#harness/talos/node/observed.ts'
import { quirksOf } from '#harness/talos/quirks.ts'
import { compareTalos } from '#harness/talos/talos-version.ts'
import { installedTalos } from '../config/rules/install-image.ts'
import { overlayArguments } from '../contract/contract.ts'
import { expectedCommandLine } from '../contract/command-line.ts'
import { unasked, type NodeContext, type NodeFinding, type NodeJudge } from '../support/node/rule.ts'

/**
 * `Talos-v1.13.9.efi`, `Talos-v1.13.9~1.efi` for a second of the same release, in any case, with the profile behind `@`:
 * siderolabs/talos internal/app/machined/pkg/runtime/v1alpha1/bootloader/sdboot.
 */
const ENTRY = /^talos-(v\d+\.\d+\.\d+(?:-[0-9a-z.]+)*)(?:~\d+)?\.efi(?:@.*)?$/i

/** Judges the release by the lock, the verdict and the install image: each says by itself which one it must be. */
export const judgeTalos: NodeJudge = (node, context) => {
  const { talos } = node
  if (talos === undefined) return [unasked(node, 'which Talos runs', 'versions')]
  const [entry] = node.bootedEntries ?? []
  const booted = entry === undefined ? '' : ` (booted entry ${entry.value})`
  return expectedReleases(context)
    .filter(({ version }) => version !== talos.value)
    .slice(0, 1)
    .map(({ version, by }) => ({
      at: talos.at,
      message:
        `${node.address} runs Talos ${talos.value}${booted}, and ${by} says ${version}: ` +
        (compareTalos(talos.value, version) < 0
          ? 'it was not upgraded, or was rolled back'
          : 'it was upgraded past it'),
      expected: version,
      got: talos.value,
    }))
}

function expectedReleases({
  config,
  lock,
  judged,
}: NodeContext): readonly { readonly version: string; readonly by: string }[] {
  const installed = config === undefined ? undefined : installedTalos(config)?.value
  return [
    ...(installed === undefined ? [] : [{ version: installed, by: 'the install image' }]),
    ...(lock?.talos === undefined ? [] : [{ version: lock.talos, by: 'the lock' }]),
    ...(judged?.talos === undefined ? [] : [{ version: judged.talos, by: 'the verdict' }]),
  ]
}

/** Judges the booted entry by the running release and by the newest entry that is known. */
export const judgeEntry: NodeJudge = (node) => {
  const { talos, bootedEntries = [] } = node
  if (talos === undefined) return [unasked(node, 'which Talos runs', 'versions')]
  const [booted] = bootedEntries
  if (booted === undefined) return []
  const release = ENTRY.exec(booted.value)?.[1]
  if (release === undefined)
    return [
      {
        at: booted.at,
        message: `${node.address} booted no entry of Talos`,
        expected: 'Talos-vX.Y.Z.efi',
        got: booted.value,
      },
    ]
  const newest =
    bootedEntries
      .map(({ value }) => ENTRY.exec(value)?.[1] ?? '')
      .toSorted(compareTalos)
      .at(-1) ?? ''
  return [
    ...(release.toLowerCase() === talos.value.toLowerCase()
      ? []
      : [
          {
            at: booted.at,
            message: `the booted entry of ${node.address} is of another release than the Talos that runs`,
            expected: talos.value,
            got: booted.value,
          },
        ]),
    ...(compareTalos(release, newest) < 0
      ? [
          {
            at: booted.at,
            message: `${node.address} booted an entry older than its newest: it was rolled back`,
            expected: newest,
            got: booted.value,
          },
        ]
      : []),
  ]
}

/** Judges the command line that the kernel got out of the UKI, by the lock; that of GRUB is put together on the node. */
export const judgeCommandLine: NodeJudge = (node, { contract, lock }) => {
  const { commandLine, bootedWithUki } = node
  if (commandLine === undefined || bootedWithUki?.value === false || lock?.talos === undefined) return []
  const quirks = quirksOf(lock.talos)
  const expected = expectedCommandLine({
    defaults: quirks.metalArm64CommandLine,
    overlay: overlayArguments(contract),
    secureBoot: contract.secureBoot ? quirks.secureBootArguments : [],
    extra: contract.extraKernelArguments,
  }).join(' ')
  // What was kept of a node has no secrets, and no report is to have any.
  const kept = redactText(expected)
  const got = commandLine.value.trim()
  if (got === expected || got === kept) return []
  const message = `the kernel of ${node.address} got another command line than its image has`
  return [{ at: commandLine.at, message, expected: kept, got: redactText(got) }]
}

/** Judges the boot by the contract: with SecureBoot where it says so. */
export const judgeSecureBoot: NodeJudge = (node, { contract }) => {
  const { secureBoot } = node
  if (secureBoot === undefined || secureBoot.value || !contract.secureBoot) return []
  return [
    {
      at: secureBoot.at,
      message: `${node.address} did not boot with SecureBoot`,
      expected: 'secureBoot: true',
      got: 'secureBoot: false',
    },
  ]
}

/** Judges what waits for the next boot: a configuration, an upgrade. */
export const judgeStaged: NodeJudge = (node) => {
  const { activeConfig, persistentConfig, stagedUpgrade } = node
  return [
    ...(node.unanswered?.includes('machineconfigs') === true ? [withoutConfig(node)] : []),
    ...(stagedUpgrade === undefined
      ? []
      : [
          {
            at: stagedUpgrade.at,
            message: `${node.address} has a staged upgrade: after the next boot it runs another image`,
            expected: 'none',
            got: stagedUpgrade.value,
          },
        ]),
    ...(activeConfig === undefined || persistentConfig === undefined
      ? []
      : differences(node, activeConfig, persistentConfig)),
  ]
}

/** A node that keeps its configuration from who asks; one that nobody asked for it is judged by the rest. */
function withoutConfig({ address, start }: ObservedNode): NodeFinding {
  const message = `${address} did not answer how it is configured: ask with the role os:admin, which alone reads machineconfigs`
  return { at: start, kind: 'unknown', message }
}

function differences({ address }: ObservedNode, active: Told<string>, next: Told<string>): readonly NodeFinding[] {
  if (active.value === next.value) return []
  const [now, then] = [new Set(active.value.split('\n')), new Set(next.value.split('\n'))]
  return [
    {
      at: next.at,
      message: `the persistent configuration of ${address}, that of the next boot, is another than the active one`,
      expected: excerpt(now.difference(then), active.value),
      got: excerpt(then.difference(now), next.value),
    },
  ]
}

const MAX_LINES = 5

/** Some lines of a configuration, without its secrets. */
function excerpt(lines: ReadonlySet<string>, config: string): string {
  const kept = keptLines(config)
  const more = lines.size - MAX_LINES
  const said = [...lines].slice(0, MAX_LINES).map((line) => (kept.has(line) ? line.trim() : hidden(line)))
  return [...(said.length === 0 ? ['no other line'] : said), ...(more > 0 ? [`and ${more} more lines`] : [])].join('\n')
}

/** The lines that have nothing to hide; none of a text that is no YAML. */
function keptLines(config: string): ReadonlySet<string> {
  try {
    return new Set(redactConfig(config).split('\n'))
  } catch (error) {
    if (error instanceof HarnessError) return new Set()
    throw error
  }
}

/** `token: ******` */
function hidden(line: string): string {
  const [, name] = /^\s*(?:-\s+)?["']?([\w.-]+)["']?\s*[:=]/.exec(line) ?? []
  return name === undefined ? REDACTED : `${name}: ${REDACTED}`
}

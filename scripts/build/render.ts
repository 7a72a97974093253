// What `npm run build` prints.
import { dirname } from 'node:path'
import type { Built } from '#build/assemble.ts'
import type { Plan } from '#build/plan.ts'
import { printable } from '../judge/verdict/printable.ts'
import type { PartSize } from './parts.ts'

export type Terminal = { readonly isTTY?: boolean | undefined; write(text: string): unknown }

/** Shows the steps of one variant: on a terminal in one line, on a pipe a line each. */
export function progressOf(variant: string, terminal: Terminal): { step(text: string): void; end(): void } {
  let shown = 0
  return {
    step(text) {
      shown++
      const line = `${variant}: ${printable(text)}`
      terminal.write(terminal.isTTY === true ? `\r\u001b[K${line}` : `${line}\n`)
    },
    end() {
      if (shown > 0 && terminal.isTTY === true) terminal.write('\r\u001b[K')
    },
  }
}

export function renderPlan(plan: Plan, parts: readonly PartSize[], from: string): string {
  const total = parts.reduce((sum, { size }) => sum + size, 0)
  return lines(
    `${plan.variant}: Talos ${plan.talos}, from ${from}`,
    ...parts.map(({ name, digest, size }) => `  ${name.padEnd(34)} ${formatSize(size).padStart(10)}  ${digest}`),
    `  ${'in all'.padEnd(34)} ${formatSize(total).padStart(10)}`,
    `  command line  ${plan.commandLine}`,
    `  makes         ${plan.tags.installer}, ${plan.tags.assets}`,
  )
}

export function renderBuilt(plan: Plan, built: Built): string {
  const image = (tag: string, { manifest, size }: Built['installer']) =>
    `  ${tag.padEnd(18)} ${manifest.digest}  ${formatSize(size).padStart(10)}`
  return lines(
    `${plan.variant}: ${printable(built.output)}`,
    image(plan.tags.installer, built.installer),
    image(plan.tags.assets, built.assets),
    `  initramfs ${formatSize(built.sizes.initramfs)}, UKI ${formatSize(built.sizes.uki)}`,
  )
}

/** What the judge must be told beside the images. */
export type JudgeOptions = {
  readonly contract?: string | undefined
  readonly lock?: string | undefined
  readonly reference?: string | undefined
}

/** The commands to run next. */
export function renderNext(
  built: readonly (readonly [Plan, Built])[],
  { contract, lock, reference }: JudgeOptions,
): string {
  const references = built.map(([plan, { output }]) => `oci:${output}:${plan.tags.installer}`)
  const [first] = built
  const folder = first === undefined ? '' : dirname(first[1].output)
  const inputs = `${contract === undefined ? '' : ` --contract ${contract}`}${lock === undefined ? '' : ` --lock ${lock}`}`
  const compared = reference === undefined ? '' : ` --reference ${reference}`
  return lines(
    'next:',
    `  npm test -- ${references.join(' ')}${inputs}${compared}`,
    `  npm run publish -- ${folder} REGISTRY/NAMESPACE${inputs}${compared}`,
  )
}

/** `12.3 MiB`. */
export function formatSize(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB']
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit++
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`
}

function lines(...texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('')
}

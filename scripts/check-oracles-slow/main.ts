// Fetches the tools, runs them one after the other, and says what is red and what was not asked.
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fleetChecks } from './adoption/fleet.ts'
import { renovateChecks } from './adoption/renovate.ts'
import { workflowChecks } from './adoption/workflows.ts'
import { runConformance } from './conformance.ts'
import { cosignTableChecks } from './cosign-table.ts'
import { cosignChecks } from './cosign.ts'
import { craneAssetChecks } from './crane-assets.ts'
import { craneChecks } from './crane.ts'
import { bootChecks } from './boot/checks.ts'
import { byteChecks } from './bytes.ts'
import { fetchTools } from './fetch.ts'
import { fileChecks } from './files.ts'
import { goTextChecks } from './go-text.ts'
import { machineConfigChecks } from './machine-config.ts'
import { orasChecks } from './oras.ts'
import { publishChecks } from './publish.ts'
import { raceChecks } from './races/checks.ts'
import type { Check } from './tool.ts'
import { wholeChecks } from './whole.ts'

/**
 * `DIR` keeps what was fetched for the next time; without it everything is removed at the end. `TEXT` selects the checks
 * whose name has it.
 */
export async function main([kept, text = '', ...rest]: readonly string[]): Promise<0 | 1 | 2> {
  if (rest.length > 0 || kept?.startsWith('-') === true) {
    process.stderr.write(
      'error: expected [DIR [TEXT]]: a folder for what is fetched, and a part of the names of checks\n',
    )
    return 2
  }
  const folder = kept === undefined ? await mkdtemp(join(tmpdir(), 'oracles-slow-')) : resolve(kept)
  await mkdir(folder, { recursive: true })
  try {
    const tools = await fetchTools(folder)
    const all = [
      ...runConformance(tools),
      ...craneChecks(tools),
      ...craneAssetChecks(tools),
      ...orasChecks(tools),
      ...cosignChecks(tools),
      ...cosignTableChecks(tools),
      ...publishChecks(tools),
      ...raceChecks(),
      ...wholeChecks(),
      ...goTextChecks(tools),
      ...fleetChecks(),
      ...bootChecks(tools),
      ...renovateChecks(tools),
      ...workflowChecks(),
      ...byteChecks(),
      ...fileChecks(tools),
      ...machineConfigChecks(tools),
    ]
    const checks = all.filter(({ name }) => name.includes(text))
    if (checks.length === 0) {
      process.stderr.write(`error: expected a part of the name of a check, got ${text}\n`)
      return 2
    }
    let red = 0
    for (const check of checks) if (!(await report(check))) red += 1
    process.stdout.write(`\n${checks.length - red} of ${checks.length} are green\n`)
    return red === 0 ? 0 : 1
  } finally {
    if (kept === undefined) await rm(folder, { recursive: true, force: true })
  }
}

async function report({ name, run }: Check): Promise<boolean> {
  const started = performance.now()
  const named = (): string => `${name} (${((performance.now() - started) / 1000).toFixed(1)} s)`
  try {
    const note = await run()
    process.stdout.write(`ok  ${named()}${note === undefined ? '' : `: ${note}`}\n`)
    return true
  } catch (error) {
    process.stdout.write(`RED ${named()}: ${error instanceof Error ? error.message : String(error)}\n`)
    return false
  }
}

// GitHub's runner, as far as our composite actions need it: the steps of an action, run by bash with its files for outputs,
// summary and path. https://docs.github.com/en/actions/reference/workflows-and-actions/metadata-syntax
import { spawn } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { parse } from 'yaml'
import { z } from 'zod'

const stepSchema = z.strictObject({
  name: z.string(),
  id: z.string().optional(),
  shell: z.literal('bash'),
  'working-directory': z.string().optional(),
  env: z.record(z.string(), z.string()).default({}),
  run: z.string(),
})
type Step = z.infer<typeof stepSchema>

const actionSchema = z.looseObject({
  inputs: z.record(z.string(), z.looseObject({ default: z.string().optional() })).default({}),
  outputs: z.record(z.string(), z.looseObject({ value: z.string() })).default({}),
  runs: z.strictObject({ using: z.literal('composite'), steps: z.array(stepSchema) }),
})

export type JobOutcome = {
  /** The exit status of the step that failed, or 0. */
  readonly status: number
  readonly log: string
  readonly summary: string
  readonly outputs: Readonly<Record<string, string>>
  /** Folders that the steps put on the PATH. */
  readonly path: readonly string[]
  /** Actions that steps of a workflow used, without version, in order. */
  readonly used: readonly string[]
}

type Job = {
  /** The working folder of the job, where nothing else is. */
  readonly folder: string
  /** Folder of the action. */
  readonly action: string
  readonly inputs: Readonly<Record<string, string>>
  /** More of the environment, over the runner's. */
  readonly env?: Readonly<Record<string, string>>
  /** Folders in front of the PATH. */
  readonly path?: readonly string[]
}

const usesSchema = z.looseObject({ uses: z.string(), if: z.string().optional() })
const workflowSchema = z.looseObject({
  jobs: z.record(
    z.string(),
    z.looseObject({
      env: z.record(z.string(), z.string()).default({}),
      steps: z.array(
        z.union([usesSchema, stepSchema.extend({ shell: z.literal('bash').optional(), if: z.string().optional() })]),
      ),
    }),
  ),
})
type JobStep = z.infer<typeof workflowSchema>['jobs'][string]['steps'][number]

type Context = Readonly<Record<string, string>>

/** Runs the action in `job.action` as `uses:` does, up to the first step that fails. */
export async function playAction(job: Job): Promise<JobOutcome> {
  const { inputs, outputs, runs } = actionSchema.parse(parse(await readFile(join(job.action, 'action.yml'), 'utf8')))
  const given = Object.fromEntries(
    Object.entries(inputs).map(([name, input]) => [`inputs.${name}`, job.inputs[name] ?? input.default ?? '']),
  )
  const played = await playSteps(runs.steps, job, { ...given, 'github.action_path': job.action })
  return {
    ...played.outcome,
    outputs: Object.fromEntries(
      Object.entries(outputs).map(([name, { value }]) => [name, evaluate(value, { ...played.context }, true)]),
    ),
  }
}

/** Runs the scripts of one job of a workflow; what it uses is named in `used`, without version, and not run.
 * `more` is what else an expression may name, such as `matrix.shard`. */
export async function playWorkflow(
  workflow: string,
  name: string,
  job: Omit<Job, 'action' | 'inputs'>,
  more: Context = {},
): Promise<JobOutcome> {
  const { env, steps } = workflowSchema.parse(parse(workflow)).jobs[name] ?? { env: {}, steps: [] }
  const known = { 'github.token': 'token', 'github.repository': 'you/images', ...more }
  return (await playSteps(steps, { ...job, env: { ...env, ...job.env }, action: '', inputs: {} }, known)).outcome
}

/** Conditions that our templates have: always, or an output of a step that is a word. */
function holds(condition: string | undefined, context: Context, status: number): boolean {
  if (condition === 'always()') return true
  if (status !== 0) return false
  if (condition === undefined) return true
  const [, name = '', word] = /^(steps\.[\w.]+) == '(\w+)'$/.exec(condition) ?? []
  if (word === undefined) throw new Error(`expected a condition of ours, got ${condition}`)
  return context[name] === word
}

async function playSteps(
  steps: readonly (Step | JobStep)[],
  job: Job,
  initial: Context,
): Promise<{ readonly outcome: JobOutcome; readonly context: Context }> {
  const temporary = join(job.folder, '.runner')
  await mkdir(temporary, { recursive: true })
  const files = { GITHUB_OUTPUT: 'output', GITHUB_STEP_SUMMARY: 'summary', GITHUB_PATH: 'path' }
  const paths = Object.fromEntries(Object.entries(files).map(([name, file]) => [name, join(temporary, file)]))
  for (const path of Object.values(paths)) await writeFile(path, '')
  let context = initial
  let log = ''
  let status = 0
  const used: string[] = []
  for (const [at, step] of steps.entries()) {
    if (!holds('if' in step ? step.if : undefined, context, status)) continue
    if ('uses' in step) {
      used.push(step.uses.replace(/@.*$/, ''))
      continue
    }
    const script = join(temporary, `step-${at}.sh`)
    if (step.run.includes('${{')) throw new Error(`${step.name}: expected no expression in a shell script`)
    await writeFile(script, step.run)
    const values = Object.fromEntries(Object.entries(step.env).map(([name, value]) => [name, evaluate(value, context)]))
    const ran = await bash(script, {
      cwd: evaluate(step['working-directory'] ?? job.folder, context),
      env: { ...runnerEnvironment(job), ...paths, ...job.env, ...values },
    })
    log += ran.log
    if (status === 0) status = ran.status
    const written = parseOutputs(await readFile(join(temporary, 'output'), 'utf8'))
    const named = Object.entries(written).map(([name, value]) => [`steps.${step.id}.outputs.${name}`, value])
    context = { ...context, ...Object.fromEntries(named) }
  }
  const summary = await readFile(join(temporary, 'summary'), 'utf8')
  const path = (await readFile(join(temporary, 'path'), 'utf8')).split('\n').filter((line) => line !== '')
  return { outcome: { status, log, summary, outputs: {}, path, used }, context }
}

function runnerEnvironment({ folder, path = [] }: Job): NodeJS.ProcessEnv {
  const { PATH = '', HOME } = process.env
  return {
    PATH: [...path, PATH].join(':'),
    HOME,
    GITHUB_ACTIONS: 'true',
    CI: 'true',
    GITHUB_WORKSPACE: folder,
    RUNNER_TEMP: folder,
  }
}

async function bash(
  script: string,
  { cwd, env }: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Promise<{ readonly status: number; readonly log: string }> {
  const child = spawn('bash', ['--noprofile', '--norc', '-eo', 'pipefail', script], {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const closed = new Promise<number>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (status) => resolve(status ?? -1))
  })
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { status: await closed, log: stdout + stderr }
}

/** Names alone: our actions need no functions and no operators. An output that no step wrote is ''. */
function evaluate(value: string, context: Context, mayLack = false): string {
  return value.replace(/\$\{\{\s*(.*?)\s*\}\}/g, (_, name: string) => {
    const found = context[name] ?? (mayLack ? '' : undefined)
    if (found === undefined) throw new Error(`expected one of ${Object.keys(context).join(', ')}, got ${name}`)
    return found
  })
}

/** `name=value` and `name<<END … END` lines. */
function parseOutputs(written: string): Readonly<Record<string, string>> {
  const outputs: Record<string, string> = {}
  const lines = written.split('\n')
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? ''
    const [, name = '', end = ''] = /^([a-z]+)<<(.+)$/.exec(line) ?? []
    const [, short, value = ''] = /^([a-z]+)=(.*)$/.exec(line) ?? []
    if (name !== '') {
      const last = lines.indexOf(end, at + 1)
      if (last < 0) throw new Error(`expected the end ${end} of output ${name}`)
      outputs[name] = lines.slice(at + 1, last).join('\n')
      at = last
    } else if (short !== undefined) outputs[short] = value
    else if (line !== '') throw new Error(`expected an output, got ${line}`)
  }
  return outputs
}

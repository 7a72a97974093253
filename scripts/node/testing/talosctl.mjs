#!/usr/bin/env node
// talosctl, played: prints what a folder has for a call, and keeps a list of the calls. FAKE_TALOSCTL is that folder.
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const folder = process.env['FAKE_TALOSCTL'] ?? ''
const args = process.argv.slice(2)
appendFileSync(join(folder, 'calls'), `${JSON.stringify(args)}\n`)
const node = args[args.indexOf('--nodes') + 1] ?? ''
if (args[0] === 'version') process.stdout.write(readFileSync(join(folder, 'version')))
else if (existsSync(join(folder, `${node}.hangs`))) setInterval(() => undefined, 1000)
else answer(join(folder, `${args[0] === 'get' ? args[1] : 'services-table'}.${node}`))

function answer(file) {
  if (existsSync(file)) {
    process.stdout.write(readFileSync(file))
    return
  }
  process.stderr.write('error: resource type is not registered\n')
  process.exitCode = 1
}

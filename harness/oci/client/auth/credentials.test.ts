import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { readAll } from '../../../bytes/source.ts'
import { FormatError, RegistryError, SchemaError } from '../../../errors.ts'
import { expectCode } from '../../../testing/expect-code.ts'
import { describeHostile } from '../../../testing/hostile.ts'
import { authFiles, parseAuthConfig } from './config.ts'
import type { Credential } from './credential.ts'
import { keysOf, machineCredentials, normalizeKey } from './credentials.ts'

const root = await mkdtemp(join(tmpdir(), 'credentials-'))
afterAll(() => rm(root, { recursive: true }))

const encode = (login: string): { auth: string } => ({ auth: Buffer.from(login).toString('base64') })
let homes = 0

/** The credential for `reference` with these files below a new home. */
async function find(
  files: Readonly<Record<string, unknown>>,
  [registry, repository]: readonly [string, string],
  environment: (home: string) => Record<string, string> = () => ({}),
): Promise<Credential | undefined> {
  const home = join(root, `home-${homes++}`)
  for (const [path, value] of Object.entries(files)) {
    await mkdir(join(home, path, '..'), { recursive: true })
    await writeFile(join(home, path), typeof value === 'string' ? value : JSON.stringify(value))
    if (path.startsWith('bin/')) await chmod(join(home, path), 0o755)
  }
  const env = { HOME: home, PATH: `${join(home, 'bin')}:${process.env['PATH']}`, ...environment(home) }
  return machineCredentials(env)({ registry, repository })
}

const DOCKER = '.docker/config.json'
const TARGET = ['ghcr.io', 'you/talos'] as const

describe('machineCredentials', () => {
  it('knows nothing without files', async () => {
    expect(await find({}, TARGET)).toBeUndefined()
  })

  it('takes user and password from auth, and a password with colons', async () => {
    expect(await find({ [DOCKER]: { auths: { 'ghcr.io': encode('u:p:q') } } }, TARGET)).toMatchObject({
      username: 'u',
      password: 'p:q',
      from: expect.stringContaining('config.json'),
    })
  })

  it('takes an identity token', async () => {
    const entry = { auth: '', identitytoken: 'long' }
    expect(await find({ [DOCKER]: { auths: { 'ghcr.io': entry } } }, TARGET)).toMatchObject({ identityToken: 'long' })
  })

  it.each([
    ['a longer host', 'ghcr.io.evil.example'],
    ['a host that ends so', 'my-ghcr.io'],
    ['another port', 'ghcr.io:8443'],
    ['another repository', 'ghcr.io/you/talos-other'],
    ['a part of a component', 'ghcr.io/yo'],
    ['a subdomain', 'x.ghcr.io'],
  ])('does not take what is for %s', async (_, key) => {
    expect(await find({ [DOCKER]: { auths: { [key]: encode('u:p') } } }, TARGET)).toBeUndefined()
  })

  it('takes the closest path of podman', async () => {
    const auths = { 'ghcr.io': encode('all:1'), 'ghcr.io/you': encode('you:2'), 'ghcr.io/you/talos': encode('talos:3') }
    expect(await find({ [DOCKER]: { auths } }, TARGET)).toMatchObject({ username: 'talos' })
    expect(await find({ [DOCKER]: { auths } }, ['ghcr.io', 'you/x'])).toMatchObject({ username: 'you' })
    expect(await find({ [DOCKER]: { auths } }, ['ghcr.io', 'x'])).toMatchObject({ username: 'all' })
  })

  it.each(['https://index.docker.io/v1/', 'docker.io', 'index.docker.io', 'registry-1.docker.io'])(
    'knows Docker Hub as %s',
    async (key) => {
      const found = await find({ [DOCKER]: { auths: { [key]: encode('u:p') } } }, ['docker.io', 'library/x'])
      expect(found).toMatchObject({ username: 'u' })
    },
  )

  it.each<[string, string, (home: string) => Record<string, string>]>([
    ['DOCKER_CONFIG', 'docker/config.json', (home) => ({ DOCKER_CONFIG: join(home, 'docker') })],
    ['REGISTRY_AUTH_FILE', 'auth.json', (home) => ({ REGISTRY_AUTH_FILE: join(home, 'auth.json') })],
    ['XDG_RUNTIME_DIR', 'run/containers/auth.json', (home) => ({ XDG_RUNTIME_DIR: join(home, 'run') })],
    ['XDG_CONFIG_HOME', 'xdg/containers/auth.json', (home) => ({ XDG_CONFIG_HOME: join(home, 'xdg') })],
    ['podman in the home', '.config/containers/auth.json', () => ({})],
  ])('looks where %s says', async (_, path, environment) => {
    const found = await find({ [path]: { auths: { 'ghcr.io': encode('u:p') } } }, TARGET, environment)
    expect(found).toMatchObject({ username: 'u' })
  })

  it('goes on to the next file where one does not know the registry', async () => {
    const files = {
      [DOCKER]: { auths: { 'ghcr.io': {} } },
      '.config/containers/auth.json': { auths: { 'ghcr.io': encode('u:p') } },
    }
    expect(await find(files, TARGET)).toMatchObject({ username: 'u' })
    expect(authFiles({ HOME: '/h' })).toEqual(['/h/.docker/config.json', '/h/.config/containers/auth.json'])
  })
})

describe('credential helpers', () => {
  const helper = (script: string): string => `#!/bin/sh\n${script}\n`
  const answer = (name: string): string =>
    helper(`read server\nprintf '{"ServerURL":"%s","Username":"${name}","Secret":"for %s"}' "$server" "$server"`)

  it('asks the helper of the registry before the store before the file', async () => {
    const config = {
      auths: { 'ghcr.io': encode('file:p'), 'quay.io': encode('file:p') },
      credHelpers: { 'ghcr.io': 'own' },
      credsStore: 'all',
    }
    const files = {
      [DOCKER]: config,
      'bin/docker-credential-own': answer('own'),
      'bin/docker-credential-all': answer('all'),
    }
    expect(await find(files, TARGET)).toMatchObject({ username: 'own', password: 'for ghcr.io' })
    expect(await find(files, ['quay.io', 'x'])).toMatchObject({ username: 'all' })
    expect(await find(files, ['docker.io', 'library/x'])).toMatchObject({ password: 'for https://index.docker.io/v1/' })
  })

  it('takes an identity token', async () => {
    const files = { [DOCKER]: { credsStore: 'x' }, 'bin/docker-credential-x': answer('<token>') }
    expect(await find(files, TARGET)).toEqual({ identityToken: 'for ghcr.io', from: 'docker-credential-x' })
  })

  it('has nothing where the helper has nothing', async () => {
    const script = helper('echo credentials not found in native keychain; exit 1')
    const files = { [DOCKER]: { credsStore: 'x', auths: { 'ghcr.io': {} } }, 'bin/docker-credential-x': script }
    expect(await find(files, TARGET)).toBeUndefined()
  })

  it.each([
    ['is not there', 'absent', undefined, /is not installed/],
    ['fails', 'x', helper('echo it is locked; exit 3'), /failed with status 3/],
    ['has a path for a name', '../../bin/x', undefined, /is no name/],
  ])('refuses one that %s', async (_, name, script, message) => {
    const files = { [DOCKER]: { credsStore: name }, ...(script !== undefined && { 'bin/docker-credential-x': script }) }
    const error = await expectCode(() => find(files, TARGET), RegistryError, 'REGISTRY_DENIED')
    expect(error.message).toMatch(message)
    expect(error.message).not.toContain('it is locked')
  })

  it('refuses one that says too much, or no JSON, without repeating it', async () => {
    const files = (script: string) => ({ [DOCKER]: { credsStore: 'x' }, 'bin/docker-credential-x': helper(script) })
    await expectCode(() => find(files('yes | head -c 70000'), TARGET), FormatError, 'LIMIT_EXCEEDED')
    const error = await expectCode(() => find(files('echo hunter2'), TARGET), FormatError, 'MALFORMED')
    expect(JSON.stringify([error.message, String(error.cause)])).not.toContain('hunter2')
  })
})

describe('parseAuthConfig', () => {
  const parse = (text: string) => parseAuthConfig(Buffer.from(text), 'config.json')

  it('says what is wrong without repeating what is secret', async () => {
    const text = '{"auths":{"ghcr.io":{"auth":"c2VjcmV0"}},,}'
    const error = await expectCode(() => parse(text), FormatError, 'MALFORMED')
    expect(`${error.message} ${String(error.cause)}`).not.toContain('c2VjcmV0')
    await expectCode(() => parse('{"auths":{"ghcr.io":{"auth":7}}}'), SchemaError, 'SCHEMA')
    await expectCode(() => parse(' '.repeat((1 << 20) + 1)), FormatError, 'LIMIT_EXCEEDED')
    await expectCode(
      () => find({ [DOCKER]: { auths: { 'ghcr.io': { auth: 'bm9jb2xvbg==' } } } }, TARGET),
      FormatError,
      'MALFORMED',
    )
  })
})

it('lists the keys of a target, the closest first', () => {
  expect(keysOf({ registry: 'X.io:5000', repository: 'a/b' })).toEqual(['x.io:5000/a/b', 'x.io:5000/a', 'x.io:5000'])
})

it.each([
  ['https://example.com/v2/', 'example.com'],
  ['http://example.com', 'example.com'],
  ['example.com/v2', 'example.com/v2'],
  ['Example.com/A', 'example.com/A'],
])('takes the key %s for %s', (key, expected) => {
  expect(normalizeKey(key)).toBe(expected)
})

describeHostile(
  'auth config',
  {
    'config.json': () =>
      Buffer.from(JSON.stringify({ auths: { 'ghcr.io': encode('u:p') }, credHelpers: { a: 'b' }, credsStore: 'x' })),
  },
  async (source) => parseAuthConfig(await readAll(source, 2 << 20), source.where.path ?? ''),
)

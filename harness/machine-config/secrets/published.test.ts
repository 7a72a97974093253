import { describe, expect, it } from 'vitest'
import { secretsInArguments } from './arguments.ts'
import { secretsInComments } from './comments.ts'
import { secretsInText } from './texts.ts'

const TOKEN = 'abcdef.0123456789abcdef'

describe('secretsInArguments', () => {
  it.each([
    ['talos.config.oauth.client_secret=hunter2', 'talos.config.oauth.client_secret'],
    ['talos.config=https://me:hunter2@config.example.com/a', 'talos.config (a password)'],
    ['talos.config=https://me:hunter@2@config.example.com/a', 'talos.config (a password)'],
    ['talos.config=https://config.example.com/?uuid=${uuid}&token=hunter2', 'talos.config (token)'],
    ['talos.config=https://config.example.com/?code=hunter2#a', 'talos.config (code)'],
    ['talos.config=https://bucket.example.com/a?X-Amz-Signature=0f1e', 'talos.config (X-Amz-Signature)'],
    ['siderolink.api=grpc://192.0.2.1:8090?jointoken=abc', 'siderolink.api (jointoken)'],
    ['siderolink.api=192.0.2.1:8090?grpc_tunnel=y&jointoken=abc', 'siderolink.api (jointoken)'],
    ['talos.logging.kernel=tcp://log:hunter2@192.0.2.1:5044', 'talos.logging.kernel (a password)'],
    ['talos.environment=GITHUB_TOKEN=hunter2', 'talos.environment GITHUB_TOKEN'],
    ['talos.environment=http_proxy=http://me:hunter2@192.0.2.1', 'talos.environment http_proxy (a password)'],
    ['talos.environment=HTTPS_PROXY=me:hunter2@192.0.2.1:3128', 'talos.environment HTTPS_PROXY (a password)'],
    [`x=tskey-auth-${'a1'.repeat(8)}`, 'x (a Tailscale key)'],
  ])('finds %s', (parameter, found) => {
    expect(secretsInArguments(['quiet', parameter])).toEqual([found])
  })

  it.each([
    'talos.config.oauth.client_id=hunter2',
    'talos.config.oauth.client_secret=',
    'talos.config.oauth.client_secret=${SECRET}',
    'talos.config.oauth.client_secret=<secret>',
    'talos.config.oauth.token_url=https://config.example.com/token',
    'talos.config=https://me@config.example.com/a',
    'talos.config=https://me:${PASSWORD}@config.example.com/a',
    'talos.config=https://config.example.com/?uuid=${uuid}&code=${code}',
    'talos.config=https://config.example.com/a#token=hunter2',
    'talos.config=https://config.example.com/a:b@c',
    'siderolink.api=https://192.0.2.1:8090?grpc_tunnel=y',
    'siderolink.api=https://192.0.2.1:8090?jointoken=REPLACE_ME',
    'talos.environment=https_proxy=http://192.0.2.1:3128',
    'talos.environment=https_proxy=me@192.0.2.1:3128',
    'talos.environment=https_proxy=192.0.2.1:3128',
    'talos.environment=no_proxy=192.0.2.1,example.org',
    'talos.environment=GODEBUG=netdns=go',
    'ima_template=ima-ng',
    'module.sig_enforce=1',
  ])('leaves %s', (parameter) => {
    expect(secretsInArguments([parameter])).toEqual([])
  })
})

describe('secretsInComments', () => {
  it.each([
    [`# token: ${TOKEN}`, 'token', true],
    ['   #token: hunter2', 'token', false],
    ['a: b # password: "hunter2"', 'password', false],
    [`type: worker # was ${TOKEN}`, 'a token', true],
    [`# key: ${Buffer.from('-----BEGIN EC PRIVATE KEY-----\n').toString('base64')}`, 'key', true],
    ['# -----BEGIN OPENSSH PRIVATE KEY-----', 'a private key', false],
    [`# secret: ${'A'.repeat(43)}=`, 'secret', true],
    [`# privateKey: ${'A'.repeat(43)}=`, 'privateKey', false],
    ['# {"password": "hunter2"}', 'password', false],
    ['# run with --auth-key=hunter2', 'auth-key', false],
    ['# - TS_AUTHKEY=hunter2', 'TS_AUTHKEY', false],
  ])('finds %s', (line, field, isGenerated) => {
    expect(secretsInComments(`a: b\n${line}\n`)).toMatchObject([{ field, isGenerated, line: 2 }])
  })

  it.each([
    '# token: the token of the cluster',
    '# token: required',
    '# token: ${TOKEN}',
    '# token: <token>',
    '# token:',
    '# password: changeme',
    '# use --password instead',
    '# Secret: see above',
    '# crt: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t',
    '# image: registry.example.com/a.b:1234567890123456',
    'url: https://example.com/#token=hunter2',
  ])('leaves %s', (line) => {
    expect(secretsInComments(line)).toEqual([])
  })
})

describe('secretsInText', () => {
  it('names each line once', () => {
    const text = `environment:\n  - TS_AUTHKEY=tskey-auth-${'a1'.repeat(8)}\n  - TS_STATE_DIR=/var/lib\n# token: ${TOKEN}`
    expect(secretsInText(text)).toEqual([
      { field: 'TS_AUTHKEY', line: 2 },
      { field: 'token', line: 4 },
    ])
  })

  it.each([
    ['args: ["--token", "hunter2"]', '--token'],
    ['args:\n  - --auth-key\n  - hunter2', '--auth-key'],
    ['args: [tunnel, run, --token, eyJhIjoiYWJjIn0=]', '--token'],
    ['args: [sh, -c, "x --authkey hunter2"]', 'authkey'],
    ['environment: ["A=1", "TS_AUTHKEY=hunter2"]', 'TS_AUTHKEY'],
    ['environment:\n  - "NEWT_SECRET=hunter2"', 'NEWT_SECRET'],
    ['env:\n  - name: TS_AUTHKEY\n    value: hunter2', 'TS_AUTHKEY'],
  ])('finds what %j gives', (text, field) => {
    expect(secretsInText(`container:\n  entrypoint: /x\n${text.replaceAll(/^/gm, '  ')}\n`)).toMatchObject([{ field }])
  })

  it.each([
    'args: ["--token", "$(TOKEN)", "--auth-mode", "token"]',
    'args: ["--token-file", "/run/token"]',
    'args: ["--password", "--verbose"]',
    'args: ["--token"]',
    'environment: ["TS_AUTHKEY=", "TS_AUTH_ONCE=true", "TS_KUBE_SECRET=tailscale"]',
    'environment:\n  - TS_AUTHKEY=REPLACE_ME\n  - TUNNEL_TOKEN=<token>\n  - NEWT_SECRET=${NEWT_SECRET}',
    'env:\n  - name: TS_AUTHKEY\n    valueFrom: {secretKeyRef: {name: a, key: b}}',
    'env:\n  - name: TS_AUTHKEY\n    value: file:/run/key',
  ])('leaves %j', (text) => {
    expect(secretsInText(`container:\n  entrypoint: /x\n${text.replaceAll(/^/gm, '  ')}\n`)).toEqual([])
  })
})

/** x509-limbo over real handshakes: what each Node line makes of other people's certificates, and what we make of it. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { modelMatches } from '../../packages/tls-context-core/test/rfc9525-model.js';
import { corpus } from '../support/corpora.js';
import { isNameCase, type LimboCase, obstacleTo } from './limbo/cases.js';
import { casesOn, falseAccepts, falseRejects, nodeByAccident } from './limbo/disagreements.js';
import { accepted, judgeCase, type Verdicts } from './limbo/handshake.js';
import { presentedNames } from './limbo/presented-names.js';

const lines = [20, 22, 24, 26] as const;
/** A line between two is held against the table before it. */
const line = lines.findLast((known) => known <= Number.parseInt(process.versions.node, 10)) ?? 20;
const tableOf = (on: number) =>
  fileURLToPath(new URL(`limbo/verdicts/node-${on}.tsv`, import.meta.url));

type Row = LimboCase & Verdicts;
const isRight = (verdict: string, { expected_result }: LimboCase) =>
  (verdict === accepted) === (expected_result === 'SUCCESS');
const ids = (rows: readonly LimboCase[]) => rows.map(({ id }) => id).sort();

const limbo = corpus<{ testcases: LimboCase[] }>('tls/limbo.json');

if (limbo === undefined) test('x509-limbo is absent, and so untested', () => undefined);
else describe('x509-limbo', () => judgeAll(limbo.testcases));

async function judgeAll(cases: readonly LimboCase[]): Promise<void> {
  const rows: Row[] = [];
  const left: string[] = [];
  for (const one of cases) {
    const obstacle = obstacleTo(one);
    const verdicts = obstacle === undefined ? await judgeCase(one) : { unservable: obstacle };
    if ('ours' in verdicts) rows.push({ ...one, ...verdicts });
    else left.push([one.id, verdicts.unservable].join('\t'));
  }

  test('the table that is checked in holds each verdict of this Node line', async () => {
    const table = [
      ['case', 'suite', 'ours', 'raw Node'],
      ...rows.map(({ id, expected_result, ours, node }) => [id, expected_result, ours, node]),
      [],
      ['not applicable', 'why'],
      ...left.map((row) => [row]),
    ];
    const text = table.map((row) => `${row.join('\t')}\n`).join('');
    await expect(text).toMatchFileSnapshot(tableOf(line));
  });

  test('most of the suite applies', () => {
    expect(cases.length).toBe(186);
    expect(rows.length).toBe(160);
    expect(rows.filter(isNameCase).length).toBe(36);
  });

  test('each disagreement with the suite is explained, and none is made up', () => {
    const wrong = rows.filter((row) => !isRight(row.ours, row));
    const taken = wrong.filter(({ ours }) => ours === accepted);
    expect(ids(taken)).toEqual(casesOn(line, falseAccepts));
    const refused = wrong.filter(({ ours }) => ours !== accepted);
    expect(ids(refused)).toEqual(casesOn(line, falseRejects));
  });

  test('we are right wherever raw Node is, and more often', () => {
    const right = rows.filter((row) => isRight(row.ours, row));
    const nodeRight = rows.filter((row) => isRight(row.node, row));
    console.info(
      `x509-limbo on Node ${line}: ${rows.length} apply, we agree on ${right.length}, raw Node on ${nodeRight.length}`,
    );
    expect(right.length).toBeGreaterThan(nodeRight.length);
    const worse = nodeRight.filter((row) => !right.includes(row));
    expect(ids(worse)).toEqual(casesOn(line, nodeByAccident));
  });

  test('whatever we accept has the name that was asked for, by a matcher that shares nothing with ours', () => {
    const named = rows.filter(
      ({ ours, expected_peer_name }) => ours === accepted && expected_peer_name,
    );
    expect(named.length).toBeGreaterThan(60);
    const strangers = named.filter(({ peer_certificate, expected_peer_name }) => {
      const { subjectAltName } = new X509Certificate(peer_certificate);
      const { kind, value } = expected_peer_name as { kind: string; value: string };
      const { dns, ip, octets } = presentedNames(subjectAltName, value);
      return !modelMatches({ dns, ip }, kind === 'IP' ? { ip: octets } : value);
    });
    expect(ids(strangers)).toEqual([]);
  });

  test('a name decides alike on all four lines', () => {
    const nameRows = (on: number) => {
      const verdicts = new Map(
        readFileSync(tableOf(on), 'utf8')
          .split('\n')
          .map((row) => row.split('\t') as [string, string, string])
          .map(([id, , ours]) => [id, ours]),
      );
      return rows.filter(isNameCase).map(({ id }) => [id, verdicts.get(id)]);
    };
    const here = rows.filter(isNameCase).map(({ id, ours }) => [id, ours]);
    for (const on of lines) expect(nameRows(on)).toEqual(here);
  });
}

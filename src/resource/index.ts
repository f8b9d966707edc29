/** Resources: what is known of the datacenter, by whom, and since when. */
import type { Db } from '../db.ts'
import { keepAnswer } from './answer/store.ts'
import { mergeInto, split } from './decision.ts'
import {
  attributesOf,
  conflictsOf,
  driftOf,
  findByKey,
  findByKeys,
  goneOf,
  idsWhere,
  linkAttributesOf,
  linkDetailsOf,
  originsOf,
} from './detail/store.ts'
import { remove, removeLink, update } from './edit.ts'
import { diff, historyOf } from './history.ts'
import { importInventory } from './inventory.ts'
import { membersOfResources } from './observation/store.ts'
import { saveSource } from './origin.ts'
import { provenanceOf } from './provenance.ts'
import { openSnapshot, openSnapshotAt } from './snapshot/store.ts'
import { tellFailure } from './failure.ts'
import { push } from './push.ts'
import { noteSource, sourceStates } from './source/store.ts'
import { state } from './state.ts'
import { sync } from './sync.ts'
import { answerBefore, transact, type Transacting } from './transact.ts'
import type { Resources } from './verbs.ts'
import { readHead } from '../event/store.ts'

export { pruneAnswers } from './answer/store.ts'
export { pruneHistory } from './history.ts'
export { pruneTombstones } from './store.ts'

export interface ResourcesOptions {
  db: Db
  /** Called after each write, so that this process need not wait to be told of it. */
  wake?(): void
}

export function startResources({ db, wake }: ResourcesOptions): Resources {
  const transacting: Transacting = { db, wake: wake ?? (() => {}) }
  return {
    importInventory: (request, by) => importInventory(transacting, request, by),
    update: (request, by) => update(transacting, request, by),
    delete: (request, by) => remove(transacting, request, by),
    deleteLink: (request, by) => removeLink(transacting, request, by),
    state: (request, by) => state(transacting, request, by),
    merge: (request, by) => mergeInto(transacting, request, by),
    split: (request, by) => split(transacting, request, by),
    sync: (request, by) => sync(transacting, request, by),
    push: (sourceId, changes, by, options) => push(transacting, sourceId, changes, by, options),
    noteFailure: (sourceId, failure, by) => tellFailure(transacting, sourceId, failure, by),
    noteSource: (sourceId, note) => noteSource(db, sourceId, note),
    async saveSource(definition, by) {
      let id = 0
      await transact(transacting, by, false, async (trx, at) => {
        id = await saveSource(trx, definition, by, at)
        return {
          cursor: await readHead(trx),
          created: 0,
          updated: 0,
          unchanged: 0,
          deleted: 0,
          linksAdded: 0,
          linksRemoved: 0,
          planned: [],
          plannedTotal: 0,
          resourceIds: [id],
        }
      })
      return id
    },
    attributesOf: (ids) => attributesOf(db, ids),
    originsOf: (ids) => originsOf(db, ids),
    provenanceOf: async (ids) => provenanceOf(await membersOfResources(db, ids)),
    driftOf: (ids) => driftOf(db, ids),
    conflictsOf: (ids) => conflictsOf(db, ids),
    linkAttributesOf: (links) => linkAttributesOf(db, links),
    linkDetailsOf: (links) => linkDetailsOf(db, links),
    sourceStates: () => sourceStates(db),
    historyOf: (ids, page) => historyOf(db, ids, page),
    diff: (request, page) => diff(db, request, page),
    idsWhere: (conditions) => idsWhere(db, conditions),
    findByKey: (source, key) => findByKey(db, source, key),
    findByKeys: (keys) => findByKeys(db, keys),
    answered: (idempotency) => answerBefore(db, { name: idempotency.actor, idempotency }),
    keepAnswer: (request, answer) => keepAnswer(db, request, answer, new Date()),
    once: (by, work) => transact(transacting, by, false, work),
    goneOf: (ids) => goneOf(db, ids),
    rows: () => openSnapshot(db),
    rowsAt: (instant, limit) => openSnapshotAt(db, instant, limit),
  }
}

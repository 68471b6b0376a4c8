/** TURN_DATA_PLANE=batch runs the tests of a TURN server on that plane (`npm run test:batch`). */
export const DATA_PLANE: 'auto' | 'batch' = process.env.TURN_DATA_PLANE === 'batch' ? 'batch' : 'auto';
/** Threads of that plane (TURN_SHARDS). */
export const SHARDS = Number(process.env.TURN_SHARDS ?? 2);

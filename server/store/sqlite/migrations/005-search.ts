/**
 * The words of messages, without the messages themselves, and how far the index has come. Hubs of another make do not know it:
 * what they write is indexed by ours.
 */
export const search = `
CREATE VIRTUAL TABLE arc_hub_search USING fts5(
  body, attachments, channel, thread, sender, content = '', tokenize = 'unicode61 remove_diacritics 0');
CREATE TABLE arc_hub_search_state (indexed_id INTEGER NOT NULL);
INSERT INTO arc_hub_search_state VALUES (0);
`;

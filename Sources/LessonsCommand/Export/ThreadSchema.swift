/// The published JSON Schema of the format `lessons-relay/thread`, by draft 2020-12; `lessons export --schema` prints it.
///
/// A test holds it against what `ThreadJSON` writes, and demands a rule for every kind of post.
enum ThreadSchema {
    static let text = #"""
        {
          "$schema": "https://json-schema.org/draft/2020-12/schema",
          "$id": "urn:lessons-relay:schema:thread:1",
          "title": "A thread of a Lessons Relay",
          "description": "A lesson and everything said about it, as far as the exporter may see it and may pass it on. In a file of several threads each is one line. Readers pass over fields and kinds of posts that they do not know.",
          "type": "object",
          "required": ["format", "version", "thread", "handling", "topic", "title", "state", "posts"],
          "properties": {
            "format": { "const": "lessons-relay/thread" },
            "version": { "const": 1 },
            "thread": { "$ref": "#/$defs/uuid", "description": "The id of the lesson that opens the thread." },
            "handling": { "$ref": "#/$defs/handling", "description": "The strictest marking of the posts: by it the whole is to be handled." },
            "topic": { "$ref": "#/$defs/topic" },
            "title": { "type": "string" },
            "state": {
              "description": "How far the thread has come; null where the exporter did not know.",
              "enum": ["observation", "lesson-identified", "lesson-learned", "good-practice", "rejected", "superseded", null]
            },
            "posts": { "type": "array", "items": { "$ref": "#/$defs/post" }, "minItems": 1, "description": "In the order of the relay's log." }
          },
          "$defs": {
            "uuid": { "type": "string", "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$" },
            "topic": { "type": "string", "pattern": "^[a-z0-9-]{1,60}(/[a-z0-9-]{1,60}){0,7}$" },
            "organisation": { "type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,38}[a-z0-9]$" },
            "moment": { "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z$" },
            "date": { "type": "string", "pattern": "^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$" },
            "marking": { "description": "TLP 2.0.", "enum": ["CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED"] },
            "handling": { "enum": ["TLP:CLEAR", "TLP:GREEN", "TLP:AMBER", "TLP:AMBER+STRICT", "TLP:RED"] },
            "texts": { "type": "array", "items": { "type": "string" } },
            "optionalText": { "type": ["string", "null"] },
            "post": {
              "type": "object",
              "required": [
                "sequence", "id", "thread", "kind", "topic", "marking", "audience", "language", "organisation", "author",
                "author_name", "created_at", "received_at", "verified", "signature"
              ],
              "properties": {
                "sequence": { "type": "integer", "minimum": 1, "description": "The post's place in the relay's log." },
                "id": { "$ref": "#/$defs/uuid" },
                "thread": { "$ref": "#/$defs/uuid" },
                "kind": { "type": "string" },
                "topic": { "$ref": "#/$defs/topic" },
                "marking": { "$ref": "#/$defs/marking" },
                "audience": { "$ref": "#/$defs/texts", "description": "Short names of organisations; for RED, members' ids." },
                "language": { "type": "string", "description": "BCP 47." },
                "organisation": { "$ref": "#/$defs/organisation" },
                "author": { "$ref": "#/$defs/uuid", "description": "The member's id." },
                "author_name": { "$ref": "#/$defs/optionalText", "description": "Null unless the signature proves it." },
                "created_at": { "$ref": "#/$defs/moment", "description": "By the author's clock." },
                "received_at": { "$ref": "#/$defs/moment", "description": "By the relay's clock." },
                "verified": { "type": "boolean", "description": "The exporter has found the signature to be the author's." },
                "signature": { "enum": ["verified", "unchecked", "failed"] },
                "attachments": {
                  "type": "array",
                  "description": "Files that belong to the post; their bytes are not in the export.",
                  "items": {
                    "type": "object",
                    "required": ["name", "media_type", "size", "sha256"],
                    "properties": {
                      "name": { "type": "string" },
                      "media_type": { "type": "string" },
                      "size": { "type": "integer", "minimum": 1, "description": "In bytes." },
                      "sha256": { "type": "string", "pattern": "^[0-9a-f]{64}$" }
                    }
                  }
                }
              },
              "if": { "properties": { "verified": { "const": true } } },
              "then": { "properties": { "signature": { "const": "verified" } } },
              "else": { "properties": { "signature": { "enum": ["unchecked", "failed"] }, "author_name": { "type": "null" } } },
              "allOf": [
                {
                  "if": { "properties": { "kind": { "const": "lesson" } } },
                  "then": { "$ref": "#/$defs/lesson" }
                },
                {
                  "if": { "properties": { "kind": { "const": "comment" } } },
                  "then": {
                    "required": ["parent", "text"],
                    "properties": {
                      "parent": { "$ref": "#/$defs/uuid", "description": "The post that this answers; it may not be among the posts." },
                      "text": { "type": "string", "description": "Markdown." }
                    }
                  }
                },
                {
                  "if": { "properties": { "kind": { "const": "revision" } } },
                  "then": {
                    "$ref": "#/$defs/lesson",
                    "required": ["base", "note"],
                    "properties": {
                      "base": { "$ref": "#/$defs/uuid", "description": "The text that this takes the place of." },
                      "note": { "type": "string", "description": "What changed and why; may be empty." }
                    }
                  }
                },
                {
                  "if": { "properties": { "kind": { "const": "translation" } } },
                  "then": {
                    "$ref": "#/$defs/lesson",
                    "required": ["source", "by_machine"],
                    "properties": {
                      "source": { "$ref": "#/$defs/uuid", "description": "The text that was translated." },
                      "by_machine": { "type": "boolean" }
                    }
                  }
                },
                {
                  "if": { "properties": { "kind": { "const": "endorsement" } } },
                  "then": {
                    "required": ["withdrawal", "note"],
                    "properties": {
                      "withdrawal": { "type": "boolean", "description": "Takes the organisation's endorsement back." },
                      "note": { "type": "string" }
                    }
                  }
                },
                {
                  "if": { "properties": { "kind": { "const": "application-report" } } },
                  "then": {
                    "required": ["status", "outcome", "evidence"],
                    "properties": {
                      "status": { "enum": ["not-applicable", "considering", "adopted", "tried-and-failed"] },
                      "outcome": { "type": "string" },
                      "evidence": { "$ref": "#/$defs/optionalText" }
                    }
                  }
                },
                {
                  "if": { "properties": { "kind": { "const": "state-change" } } },
                  "then": {
                    "required": ["from", "to", "reason", "evidence", "superseded_by"],
                    "properties": {
                      "from": { "type": "string" },
                      "to": { "type": "string" },
                      "reason": { "type": "string" },
                      "evidence": { "type": "array", "items": { "$ref": "#/$defs/uuid" }, "description": "Application reports." },
                      "superseded_by": { "oneOf": [{ "$ref": "#/$defs/uuid" }, { "type": "null" }] }
                    }
                  }
                },
                {
                  "if": { "properties": { "kind": { "const": "redaction" } } },
                  "then": {
                    "required": ["target", "target_sha256", "reason"],
                    "properties": {
                      "target": { "$ref": "#/$defs/uuid", "description": "The post whose text was erased." },
                      "target_sha256": { "type": "string", "pattern": "^[0-9a-f]{64}$" },
                      "reason": { "type": "string" }
                    }
                  }
                }
              ]
            },
            "lesson": {
              "required": [
                "title", "observation", "discussion", "conclusion", "recommendation", "evidence", "event_date", "country", "tags",
                "action_body", "due_date", "references"
              ],
              "properties": {
                "title": { "type": "string", "minLength": 1 },
                "observation": { "type": "string", "minLength": 1, "description": "Markdown, as all sections: what happened." },
                "discussion": { "type": "string", "description": "Why it matters; may be empty." },
                "conclusion": { "type": "string", "description": "The root cause; may be empty." },
                "recommendation": { "type": "string", "minLength": 1, "description": "What to change, and who should." },
                "evidence": { "$ref": "#/$defs/optionalText" },
                "event_date": { "oneOf": [{ "$ref": "#/$defs/date" }, { "type": "null" }] },
                "country": { "description": "ISO 3166-1 alpha-2.", "oneOf": [{ "type": "string", "pattern": "^[A-Z]{2}$" }, { "type": "null" }] },
                "tags": { "$ref": "#/$defs/texts" },
                "action_body": { "$ref": "#/$defs/optionalText", "description": "Who should act." },
                "due_date": { "oneOf": [{ "$ref": "#/$defs/date" }, { "type": "null" }] },
                "references": { "$ref": "#/$defs/texts" }
              }
            }
          }
        }
        """#
}

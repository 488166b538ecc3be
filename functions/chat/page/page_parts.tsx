/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/**
 * What the chat page is put together from.
 *
 * @module
 */

/** For who has no token yet, or one that is over. */
export function SignIn() {
  return (
    <main id="sign-in" class="wrap" aria-labelledby="sign-in-title" hidden>
      <div class="card narrow">
        <h1 id="sign-in-title">Sign in to chat</h1>
        <p id="sign-in-fault" class="fault" role="alert"></p>
        <p>
          Open the chat by the link that your site or <code>deno task dev</code>{" "}
          gave you, or paste your token:
        </p>
        <form id="sign-in-form">
          <label for="token">Token</label>
          <input id="token" type="password" autocomplete="off" required />
          <button type="submit" class="main">Sign in</button>
        </form>
        <p class="quiet small">It is kept in this browser until you sign out.</p>
      </div>
    </main>
  );
}

/** The list of conversations, and the search in all of them. */
export function Conversations() {
  return (
    <aside class="conversations" aria-label="Conversations and search">
      <div class="side-head">
        <span class="brand">Zeropoll</span>
        <button type="button" id="new">New chat</button>
      </div>
      <search>
        <form id="search">
          <label class="unseen" for="query">Search in all conversations</label>
          <input
            id="query"
            type="search"
            placeholder="Search"
            maxlength={200}
            list="recent"
            autocomplete="off"
          />
          <datalist id="recent"></datalist>
        </form>
      </search>
      <p id="found" class="quiet small" role="status"></p>
      <ul id="results" aria-label="What was found" hidden></ul>
      <nav id="conversations" aria-label="Conversations">
        <ul id="list"></ul>
        <p id="none" class="quiet small">No conversations yet.</p>
        <button type="button" id="more" class="plain" hidden>Older conversations</button>
      </nav>
      <div class="side-foot">
        <span id="user" class="quiet small"></span>
        <button type="button" id="sign-out" class="plain">Sign out</button>
      </div>
    </aside>
  );
}

const ideas = [
  "What can I cook with leeks and two eggs?",
  "Explain server-sent events in three sentences",
  "Tell me about the sea, as to a child",
];

/** One conversation, and where the next message is written. */
export function Talk() {
  return (
    <main class="talk" aria-labelledby="title">
      <header class="talk-head">
        <button type="button" id="back" class="plain" aria-label="Show the conversations">
          <span aria-hidden="true">←</span>
        </button>
        <h1 id="title" tabindex={-1}>New chat</h1>
        <div id="acts" class="acts">
          <button type="button" id="export" class="plain">Export</button>
          <button type="button" id="remove" class="plain">Delete</button>
        </div>
      </header>
      <div id="scroller" class="scroller" tabindex={0} role="region" aria-label="Messages">
        <div class="column">
          <button type="button" id="older" class="plain" hidden>Older messages</button>
          <ol id="messages"></ol>
          <button type="button" id="newer" class="plain" hidden>Newer messages</button>
          <section id="empty" aria-labelledby="empty-title" hidden>
            <h2 id="empty-title">Ask something</h2>
            <p class="quiet">
              Answers appear as they are written. Reload, or go on at another device: nothing is
              lost.
            </p>
            <ul>
              {ideas.map((idea) => (
                <li>
                  <button type="button" class="idea">{idea}</button>
                </li>
              ))}
            </ul>
          </section>
        </div>
      </div>
      <form id="composer" class="composer">
        <div id="notice" class="notice" role="alert" hidden></div>
        <div class="field">
          <label class="unseen" for="text">Message</label>
          <textarea
            id="text"
            rows={1}
            maxlength={20_000}
            placeholder="Write a message"
            aria-describedby="keys"
            enterkeyhint="send"
          >
          </textarea>
          <button type="button" id="stop" hidden>Stop</button>
          <button type="submit" id="send" class="main">Send</button>
        </div>
        <p id="keys" class="quiet small">
          Enter sends, Shift and Enter begin a line, Escape stops the answer.
        </p>
      </form>
    </main>
  );
}

//! Every verb of the console, named: one row a command. The rows feed the key map, the palette,
//! the help, the footer and the documentation; the default chords stand in the shipped key map.

use std::fmt;
use std::str::FromStr;

/// Where a command's chords count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Context {
    /// Everywhere, the editor included: its chords never type a character.
    Global,
    /// In every pane that takes no text.
    Pane,
    /// In the feed.
    Feed,
    /// In the queue, the other face of the feed.
    Queue,
    /// In the SQL editor.
    Editor,
    /// In the result grid.
    Results,
    /// In the record view of one row.
    Record,
    /// In the playbook.
    Playbook,
    /// In the timeline.
    Timeline,
    /// In overlays: palette, lists, forms, prompts, help.
    Overlay,
    /// On the page of an entity.
    Entity,
    /// In the tree of credentials.
    Lineage,
    /// On the page of the sources.
    Sources,
    /// In a question that is answered by yes or no.
    Question,
}

impl Context {
    /// The heading in help and documentation.
    pub fn title(self) -> &'static str {
        match self {
            Self::Global => "Everywhere",
            Self::Pane => "In a pane",
            Self::Feed => "Feed",
            Self::Queue => "Queue",
            Self::Editor => "Editor",
            Self::Results => "Results",
            Self::Record => "Record",
            Self::Playbook => "Playbook",
            Self::Timeline => "Timeline",
            Self::Overlay => "Lists and forms",
            Self::Entity => "On the page of an entity",
            Self::Lineage => "Credentials",
            Self::Sources => "Sources of notifications",
            Self::Question => "Questions",
        }
    }
}

/// One command: its name, where it counts, what it does, and its word in the footer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommandRow {
    /// The command.
    pub command: Command,
    /// Its stable name, as in the key map and in the palette.
    pub name: &'static str,
    /// Where its chords count.
    pub context: Context,
    /// What it does, as help says it.
    pub title: &'static str,
    /// A word for the footer; `None` keeps it out of there.
    pub footer: Option<&'static str>,
}

macro_rules! commands {
    ($($context:ident { $($variant:ident $name:literal $title:literal $([$footer:literal])?;)+ })+) => {
        /// A verb of the console. What it acts on is in the state.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Command {
            $($(#[doc = $title] $variant,)+)+
        }

        /// Every command, by context, in the order of help and footer.
        pub const COMMANDS: &[CommandRow] = &[$($(
            CommandRow {
                command: Command::$variant,
                name: $name,
                context: Context::$context,
                title: $title,
                footer: commands!(@footer $($footer)?),
            },
        )+)+];
    };
    (@footer) => { None };
    (@footer $footer:literal) => { Some($footer) };
}

commands! {
    Global {
        RunStatement "query.run" "Run the statement under the cursor" ["run"];
        RunDirect "query.run-direct" "Run the statement on the embedded engine, which reads the lake's objects from S3 itself";
        CancelQuery "query.cancel" "Stop the query of the open result";
        ResumeQueries "query.resume" "Take up the queries on Athena that an earlier start left";
        Templates "templates" "Choose a saved query and fill in its parameters" ["templates"];
        Help "help" "Show the keys that count here" ["help"];
        Palette "palette" "Find and run any command" ["commands"];
        FocusNext "focus.next" "Go to the next pane" ["pane"];
        FocusPrevious "focus.previous" "Go to the previous pane";
        FocusFeed "focus.feed" "Go to the feed";
        QueueShow "queue.show" "Go to the queue of detections, or from there back to the notifications";
        FocusEditor "focus.editor" "Go to the editor";
        FocusResults "focus.results" "Go to the results";
        FocusPlaybook "focus.playbook" "Go to the playbook";
        Zoom "zoom" "Give the pane the whole screen, or give it back";
        BorderLeft "border.left" "Move the border beside this pane to the left";
        BorderRight "border.right" "Move the border beside this pane to the right";
        BorderUp "border.up" "Move the border between editor and results up";
        BorderDown "border.down" "Move the border between editor and results down";
        CaseChoose "case.choose" "Choose a case to work in, make one, or leave it" ["case"];
        CasePage "case.page" "Read the case: evidence, notes, decisions, trail, files";
        CaseTrail "case.trail" "Show which value led to which query; go there, or name the place";
        CasePins "case.pins" "List the evidence; write on it, go to its row, or take it back";
        CaseNote "case.note" "Write a note in the case";
        CaseDecide "case.decide" "Write down a decision, and because of what";
        CaseRename "case.rename" "Give the case another name";
        CaseClose "case.close" "Close the case, or open it again";
        TimelineOpen "timeline.open" "Show what happened when: pins and whole results by time" ["timeline"];
        Coverage "coverage" "Show which hours the lake covers, by source, account and Region, and the gaps";
        Lineage "lineage" "Show the tree of credentials around the key, session, role or principal that is named here";
        FeedSources "feed.sources" "Show where notifications come from: state, lag, rate, errors; switch a source off or on";
        ThemeNext "theme.next" "Change to the next theme";
        ToggleMouse "mouse.toggle" "Let the program or the terminal have the mouse";
        DemoLive "demo.live" "Let the demo lake go on: new objects arrive, or stop arriving";
        Redraw "redraw" "Draw the whole screen again";
        Suspend "suspend" "Put the console in the background of the shell";
        Quit "quit" "Leave; the panes are kept" ["quit"];
    }
    Feed {
        FeedOpen "feed.open" "Open the object's events as a result" ["open"];
        FeedUp "feed.up" "Go one notification up";
        FeedDown "feed.down" "Go one notification down";
        FeedPageUp "feed.page-up" "Go a page up";
        FeedPageDown "feed.page-down" "Go a page down";
        FeedTop "feed.top" "Go to the newest notification";
        FeedBottom "feed.bottom" "Go to the oldest notification";
        FeedFilter "feed.filter" "Show only the notifications that contain a text" ["filter"];
        FeedFollow "feed.follow" "Keep the newest notification in sight, or stop doing so" ["follow"];
        FeedPause "feed.pause" "Hold back arriving notifications, or let them in" ["pause"];
        FeedCopy "feed.copy" "Copy the object's key";
        FeedQueue "feed.queue" "Show the queue in place of the notifications" ["queue"];
    }
    Queue {
        QueueAcknowledge "queue.acknowledge" "Acknowledge the item or the marked items: somebody knows of it" ["acknowledge"];
        QueueClose "queue.close" "Close the item or the marked items, with what they turned out to be" ["close"];
        QueueOpen "queue.open" "Show the item's events as a result" ["events"];
        QueueMute "queue.mute" "Mute items like this one for a time; what it would hide is shown first" ["mute"];
        QueueUndo "queue.undo" "Take the last action back" ["undo"];
        QueueGroup "queue.group" "Group by rule, by entity, by account, or not at all" ["group"];
        QueueMark "queue.mark" "Mark the item or the group, or take its mark away" ["mark"];
        QueueMarkAll "queue.mark-all" "Mark all items shown, or none";
        QueueAssign "queue.assign" "Say whose the item or the marked items are";
        QueueDetails "queue.details" "Show everything that is known of the item" ["details"];
        QueuePlaybook "queue.playbook" "Choose a playbook for the item, those that fit its finding first";
        QueueCase "queue.case" "Make a case from the item or the marked items, and work in it";
        QueueMutes "queue.mutes" "List the mutes in force; enter ends one";
        QueueScope "queue.scope" "Show muted items too, all items, or only those to be worked on";
        QueueFilter "queue.filter" "Show only the items that name a text";
        QueueFeed "queue.feed" "Show the notifications in place of the queue" ["feed"];
        QueueUp "queue.up" "Go one line up";
        QueueDown "queue.down" "Go one line down";
        QueuePageUp "queue.page-up" "Go a page up";
        QueuePageDown "queue.page-down" "Go a page down";
        QueueTop "queue.top" "Go to the first item";
        QueueBottom "queue.bottom" "Go to the last item";
    }
    Editor {
        EditorComplete "editor.complete" "Complete the word before the cursor" ["complete"];
        EditorFormat "editor.format" "Lay out the statement under the cursor";
        EditorUndo "editor.undo" "Undo the last change";
        EditorRedo "editor.redo" "Redo the last undone change";
        EditorNew "editor.new" "Open an empty buffer";
        EditorClose "editor.close" "Close this buffer";
        EditorReopen "editor.reopen" "Open the buffer that was closed last again";
        EditorNextBuffer "editor.next-buffer" "Go to the next buffer";
        EditorPreviousBuffer "editor.previous-buffer" "Go to the previous buffer";
        EditorSelectAll "editor.select-all" "Select the whole buffer";
        EditorCopy "editor.copy" "Copy the selection, or else the statement";
        EditorNextPlaceholder "editor.next-placeholder" "Go to the next placeholder and select it";
        EditorHints "editor.hints" "Show all hints on this buffer, and the fault of its last run";
        EditorSave "editor.save" "Save the statement as a template of your own";
    }
    Results {
        ResultsUp "results.up" "Go one row up";
        ResultsDown "results.down" "Go one row down";
        ResultsLeft "results.left" "Go one column to the left";
        ResultsRight "results.right" "Go one column to the right";
        ResultsPageUp "results.page-up" "Go a page up";
        ResultsPageDown "results.page-down" "Go a page down";
        ResultsTop "results.top" "Go to the first row";
        ResultsBottom "results.bottom" "Go to the last row";
        ResultsFirstColumn "results.first-column" "Go to the first column";
        ResultsLastColumn "results.last-column" "Go to the last column";
        ResultsRecord "results.record" "Open the row as a record" ["record"];
        ResultsSort "results.sort" "Sort by this column: ascending, descending, as it came" ["sort"];
        ResultsRare "results.rare" "Put the most surprising rows first, with the reason, or as they came again";
        ResultsFind "results.find" "Find a text in the rows" ["find"];
        ResultsFindNext "results.find-next" "Go to the next match";
        ResultsFindPrevious "results.find-previous" "Go to the previous match";
        ResultsFilter "results.filter" "Show only the rows that contain a text" ["filter"];
        ResultsFilterCell "results.filter-cell" "Show only the rows with this cell's value" ["same"];
        ResultsFilterClear "results.filter-clear" "Show all the rows again";
        ResultsFreezeMore "results.freeze-more" "Keep one more column in sight on the left";
        ResultsFreezeLess "results.freeze-less" "Keep one column fewer in sight on the left";
        ResultsWiden "results.widen" "Make this column wider";
        ResultsNarrow "results.narrow" "Make this column narrower";
        ResultsCopyCell "results.copy-cell" "Copy the cell" ["copy"];
        ResultsCopyRow "results.copy-row" "Copy the row as JSON";
        ResultsExport "results.export" "Write the result to a file" ["export"];
        ResultsNextTab "results.next-tab" "Go to the next result" ["tab"];
        ResultsPreviousTab "results.previous-tab" "Go to the previous result";
        ResultsCloseTab "results.close-tab" "Close this result";
        ResultsMark "results.mark" "Mark the row, or take its mark away";
        ResultsMarkAll "results.mark-all" "Mark all rows shown, or none";
        ResultsPin "results.pin" "Keep the row, or the marked rows, as evidence of the case" ["keep"];
        ResultsUnpin "results.unpin" "Take the evidence back; the journal keeps that it was there";
        ResultsAnnotate "results.annotate" "Write tags and a note on the evidence";
        ResultsRerun "results.rerun" "Run this result's statement again" ["again"];
        ResultsExact "results.exact" "Run it again with its arrays, maps and rows as exact JSON";
        ResultsBack "results.back" "Go back to the result that this one was asked from";
        ResultsToEditor "results.to-editor" "Put this result's statement into the editor";
        ResultsExplain "results.explain" "Say why this result is empty";
        ResultsCorrect "results.correct" "Put the corrected statement into the editor, where an empty result was explained";
        ResultsNotes "results.notes" "Show what is to be known about this result: statement, times, files, notes";
    }
    Record {
        RecordClose "record.close" "Go back to the rows" ["back"];
        RecordUp "record.up" "Go one field up";
        RecordDown "record.down" "Go one field down";
        RecordPageUp "record.page-up" "Go a page up";
        RecordPageDown "record.page-down" "Go a page down";
        RecordFold "record.fold" "Fold or unfold the field, or show its value in full" ["fold, show"];
        RecordUnfoldAll "record.unfold-all" "Unfold everything";
        RecordPreviousRow "record.previous-row" "Show the row above" ["row"];
        RecordNextRow "record.next-row" "Show the row below";
        RecordCopy "record.copy" "Copy the field's value" ["copy"];
        RecordCopyPath "record.copy-path" "Copy the field's path";
    }
    Playbook {
        PlaybookTick "playbook.tick" "Tick the step, or take the tick away" ["tick"];
        PlaybookUp "playbook.up" "Go one line up";
        PlaybookDown "playbook.down" "Go one line down";
        PlaybookPageUp "playbook.page-up" "Go a page up";
        PlaybookPageDown "playbook.page-down" "Go a page down";
        PlaybookTop "playbook.top" "Go to the first line";
        PlaybookBottom "playbook.bottom" "Go to the last line";
        PlaybookNextOpen "playbook.next-open" "Go to the next step that is not ticked";
        PlaybookFold "playbook.fold" "Fold or unfold the phase";
        PlaybookSql "playbook.sql" "Put the step's SQL into the editor" ["sql to editor"];
        PlaybookCopy "playbook.copy" "Copy the step's command or text";
        PlaybookNote "playbook.note" "Write a note on the step" ["note"];
        PlaybookChoose "playbook.choose" "Choose a playbook" ["choose"];
    }
    Pane {
        PaneHelp "pane.help" "Show the keys that count here";
        PanePivot "pane.pivot" "Ask what else is known of an address, key, principal … that is named here" ["pivot"];
        PanePalette "pane.palette" "Find and run any command";
        PaneZoom "pane.zoom" "Give the pane the whole screen, or give it back" ["zoom"];
    }
    Timeline {
        TimelineUp "timeline.up" "Go one line up";
        TimelineDown "timeline.down" "Go one line down";
        TimelineTop "timeline.top" "Go to the first line";
        TimelineBottom "timeline.bottom" "Go to the last line";
        TimelineNext "timeline.next" "Go to the next group or gap";
        TimelinePrevious "timeline.previous" "Go to the previous group or gap";
        TimelineResult "timeline.result" "Put the whole shown result into the timeline, or take it out" ["result in/out"];
        TimelineGroup "timeline.group" "Group by entity, by tag, by stage, or not at all" ["group"];
        TimelineBrush "timeline.brush" "Set the brush to the time of the chosen line, or take it away" ["brush"];
        TimelineFromEarlier "timeline.from-earlier" "Move the beginning of the brush to an earlier time" ["from"];
        TimelineFromLater "timeline.from-later" "Move the beginning of the brush to a later time";
        TimelineToEarlier "timeline.to-earlier" "Move the end of the brush to an earlier time";
        TimelineToLater "timeline.to-later" "Move the end of the brush to a later time" ["to"];
        TimelineEarlier "timeline.earlier" "Move the whole brush to an earlier time";
        TimelineLater "timeline.later" "Move the whole brush to a later time";
        TimelineZoom "timeline.zoom" "Show the brushed time over the whole width, or everything again" ["zoom"];
        TimelineApply "timeline.apply" "Let the brush be the time range of the next queries, or take that away" ["use range"];
        TimelineExport "timeline.export" "Write the timeline to a file" ["export"];
        TimelineHelp "timeline.help" "Show the keys that count here" ["help"];
    }
    Overlay {
        OverlayAccept "overlay.accept" "Take it" ["accept"];
        OverlayClose "overlay.close" "Close without a change" ["close"];
        OverlayUp "overlay.up" "Go one line up";
        OverlayDown "overlay.down" "Go one line down";
        OverlayPageUp "overlay.page-up" "Go a page up";
        OverlayPageDown "overlay.page-down" "Go a page down";
        OverlayNextField "overlay.next-field" "Go to the next field";
        OverlayPreviousField "overlay.previous-field" "Go to the previous field";
        OverlayRemove "overlay.remove" "Take back what the line stands for";
    }
    Entity {
        EntityMalicious "entity.malicious" "Judge it: it belongs to the attack" ["malicious"];
        EntitySuspicious "entity.suspicious" "Judge it: it has to be looked at" ["suspicious"];
        EntityBenign "entity.benign" "Judge it: it belongs there" ["benign"];
        EntityUnknown "entity.unknown" "Take the verdict back: nobody knows yet";
        EntityNote "entity.note" "Write a note on it" ["note"];
        EntityPivot "entity.pivot" "Ask more about it" ["pivot"];
    }
    Lineage {
        LineageUp "lineage.up" "Go one credential up";
        LineageDown "lineage.down" "Go one credential down";
        LineageFold "lineage.fold" "Fold what is below it, or go to what gave it out" ["fold"];
        LineageUnfold "lineage.unfold" "Unfold what is below it, or go to the first of it" ["unfold"];
        LineageEvents "lineage.events" "Ask for all events of the credential in a tab of its own" ["events"];
        LineageAgain "lineage.again" "Ask for the tree again";
        LineageCopy "lineage.copy" "Copy the credential's id" ["copy"];
    }
    Sources {
        SourcesSwitch "sources.switch" "Switch the source off, or on again" ["off/on"];
        SourcesCopy "sources.copy" "Copy the source's name and what it says of itself" ["copy"];
    }
    Question {
        QuestionYes "question.yes" "Yes" ["yes"];
        QuestionNo "question.no" "No, go back" ["no"];
        QuestionLetRun "question.let-run" "Leave, and let the queries on Athena run on" ["let run"];
    }
}

impl Command {
    /// The command's row.
    pub fn row(self) -> &'static CommandRow {
        // Every variant is made together with its row, in the same order.
        &COMMANDS[self as usize]
    }

    /// Whether the journal of a case notes that it was run: what does something, other than moving
    /// about, changing the look of the screen, or something of which the journal tells more itself.
    pub fn is_noted(self) -> bool {
        matches!(
            self,
            Self::CancelQuery
                | Self::ResumeQueries
                | Self::DemoLive
                | Self::Lineage
                | Self::Quit
                | Self::FeedOpen
                | Self::FeedFilter
                | Self::FeedPause
                | Self::FeedCopy
                | Self::EditorSave
                | Self::ResultsSort
                | Self::ResultsFind
                | Self::ResultsFilter
                | Self::ResultsFilterCell
                | Self::ResultsFilterClear
                | Self::ResultsCopyCell
                | Self::ResultsCopyRow
                | Self::ResultsExport
                | Self::ResultsCloseTab
                | Self::ResultsRerun
                | Self::ResultsExact
                | Self::ResultsBack
                | Self::RecordCopy
                | Self::PlaybookSql
                | Self::PlaybookCopy
        )
    }

    /// The stable name.
    pub fn name(self) -> &'static str {
        self.row().name
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Command {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        COMMANDS
            .iter()
            .find(|row| row.name == name)
            .map(|row| row.command)
            .ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_command_stands_in_its_own_row() {
        for row in COMMANDS {
            assert_eq!(row.command.row(), row);
            assert_eq!(row.name.parse(), Ok(row.command));
        }
    }

    #[test]
    fn names_are_unique() {
        let names: HashSet<_> = COMMANDS.iter().map(|row| row.name).collect();
        assert_eq!(names.len(), COMMANDS.len());
    }
}

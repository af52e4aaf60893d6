<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de" sourcelanguage="en">
<context>
    <name>Mirror</name>
    <message>
        <source>One year younger</source>
        <translation>Ein Jahr jünger</translation>
    </message>
    <message>
        <source>One year older</source>
        <translation>Ein Jahr älter</translation>
    </message>
    <message>
        <source>Ten years younger</source>
        <translation>Zehn Jahre jünger</translation>
    </message>
    <message>
        <source>Ten years older</source>
        <translation>Zehn Jahre älter</translation>
    </message>
    <message>
        <source>Effect on or off</source>
        <translation>Effekt an oder aus</translation>
    </message>
    <message>
        <source>Compare; hold to see the original</source>
        <translation>Vergleichen; halten zeigt das Original</translation>
    </message>
    <message>
        <source>Divider to the left</source>
        <translation>Trennlinie nach links</translation>
    </message>
    <message>
        <source>Divider to the right</source>
        <translation>Trennlinie nach rechts</translation>
    </message>
    <message>
        <source>Sweep through the ages</source>
        <translation>Durch alle Alter gleiten</translation>
    </message>
    <message>
        <source>Save a snapshot</source>
        <translation>Schnappschuss speichern</translation>
    </message>
    <message>
        <source>Mirror left and right</source>
        <translation>Links und rechts spiegeln</translation>
    </message>
    <message>
        <source>Show face marks</source>
        <translation>Gesichter markieren</translation>
    </message>
    <message>
        <source>Camera or file</source>
        <translation>Kamera oder Datei</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>Einstellungen</translation>
    </message>
    <message>
        <source>Full screen</source>
        <translation>Vollbild</translation>
    </message>
    <message>
        <source>Show how long each step takes</source>
        <translation>Zeigen, wie lange jeder Schritt dauert</translation>
    </message>
    <message>
        <source>Show all keys</source>
        <translation>Alle Tasten zeigen</translation>
    </message>
    <message>
        <source>Hide the picture and close the camera</source>
        <translation>Bild verbergen und Kamera schließen</translation>
    </message>
    <message>
        <source>Close what is open</source>
        <translation>Schließen, was offen ist</translation>
    </message>
    <message>
        <source>The clip has ended.</source>
        <translation>Der Film ist zu Ende.</translation>
    </message>
    <message>
        <source>Play again</source>
        <translation>Noch einmal abspielen</translation>
    </message>
    <message>
        <source>The settings could not be saved: {cause}</source>
        <translation>Die Einstellungen konnten nicht gespeichert werden: {cause}</translation>
    </message>
    <message>
        <source>The cameras could not be listed: {cause}</source>
        <translation>Die Kameras konnten nicht aufgelistet werden: {cause}</translation>
    </message>
    <message>
        <source>There is no picture to save yet.</source>
        <translation>Es gibt noch kein Bild zum Speichern.</translation>
    </message>
    <message>
        <source>Saved as {name}</source>
        <translation>Gespeichert als {name}</translation>
    </message>
    <message>
        <source>Show folder</source>
        <translation>Ordner zeigen</translation>
    </message>
    <message>
        <source>Erased. Nothing is stored here any more.</source>
        <translation>Gelöscht. Hier ist nichts mehr gespeichert.</translation>
    </message>
    <message>
        <source>Choose a picture or a video</source>
        <translation>Bild oder Video wählen</translation>
    </message>
    <message>
        <source>Pictures and videos</source>
        <translation>Bilder und Videos</translation>
    </message>
    <message>
        <source>All files</source>
        <translation>Alle Dateien</translation>
    </message>
    <message>
        <source>Age Mirror</source>
        <translation>Altersspiegel</translation>
    </message>
    <message>
        <source>looks {years} ± {spread}</source>
        <translation>wirkt wie {years} ± {spread}</translation>
    </message>
    <message>
        <source>The settings could not be read, so the usual ones are used.</source>
        <translation>Die Einstellungen konnten nicht gelesen werden; es gelten die üblichen.</translation>
    </message>
    <message>
        <source>The settings file is broken, so the usual settings are used.</source>
        <translation>Die Einstellungsdatei ist beschädigt; es gelten die üblichen Einstellungen.</translation>
    </message>
    <message>
        <source>The settings file was broken, so the usual settings are used. The old file is kept as {name}.</source>
        <translation>Die Einstellungsdatei war beschädigt; es gelten die üblichen Einstellungen. Die alte Datei bleibt als {name} erhalten.</translation>
    </message>
    <message>
        <source>Looking for cameras …</source>
        <translation>Kameras werden gesucht …</translation>
    </message>
    <message>
        <source>No camera found</source>
        <translation>Keine Kamera gefunden</translation>
    </message>
    <message>
        <source>Built-in demo</source>
        <translation>Eingebaute Vorführung</translation>
    </message>
    <message>
        <source>{name} (in use by another program)</source>
        <translation>{name} (von einem anderen Programm benutzt)</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>Noch einmal versuchen</translation>
    </message>
    <message>
        <source>Choose a file</source>
        <translation>Datei wählen</translation>
    </message>
    <message>
        <source>Play the demo</source>
        <translation>Vorführung zeigen</translation>
    </message>
    <message>
        <source>Show the picture again</source>
        <translation>Bild wieder zeigen</translation>
    </message>
    <message>
        <source>Opening the camera …</source>
        <translation>Die Kamera wird geöffnet …</translation>
    </message>
    <message>
        <source>Waking the mirror …</source>
        <translation>Der Spiegel erwacht …</translation>
    </message>
    <message>
        <source>The picture is hidden</source>
        <translation>Das Bild ist verborgen</translation>
    </message>
    <message>
        <source>The camera is closed. Nothing is seen and nothing is kept.</source>
        <translation>Die Kamera ist geschlossen. Nichts wird gesehen und nichts behalten.</translation>
    </message>
    <message>
        <source>Is one plugged in, and is no other program using it?</source>
        <translation>Ist eine angeschlossen, und benutzt sie kein anderes Programm?</translation>
    </message>
    <message>
        <source>No camera yet</source>
        <translation>Noch keine Kamera</translation>
    </message>
    <message>
        <source>Something unexpected happened. Starting again usually helps.</source>
        <translation>Etwas Unerwartetes ist geschehen. Neu zu beginnen hilft meistens.</translation>
    </message>
    <message>
        <source>The mirror has stopped</source>
        <translation>Der Spiegel ist stehen geblieben</translation>
    </message>
    <message>
        <source>The picture has stopped. Trying again …</source>
        <translation>Das Bild ist stehen geblieben. Neuer Versuch …</translation>
    </message>
    <message>
        <source>Take the picture</source>
        <translation>Bild aufnehmen</translation>
    </message>
    <message>
        <source>Wait for its turn</source>
        <translation>Warten, bis es dran ist</translation>
    </message>
    <message>
        <source>Find faces</source>
        <translation>Gesichter finden</translation>
    </message>
    <message>
        <source>Follow faces</source>
        <translation>Gesichter verfolgen</translation>
    </message>
    <message>
        <source>Map the face</source>
        <translation>Gesicht vermessen</translation>
    </message>
    <message>
        <source>Straighten the face</source>
        <translation>Gesicht ausrichten</translation>
    </message>
    <message>
        <source>Guess the age</source>
        <translation>Alter schätzen</translation>
    </message>
    <message>
        <source>Age the face</source>
        <translation>Gesicht altern lassen</translation>
    </message>
    <message>
        <source>Keep it steady</source>
        <translation>Ruhig halten</translation>
    </message>
    <message>
        <source>Blend it in</source>
        <translation>Einblenden</translation>
    </message>
    <message>
        <source>Draw the window</source>
        <translation>Fenster zeichnen</translation>
    </message>
    <message>
        <source>All together</source>
        <translation>Alles zusammen</translation>
    </message>
    <message>
        <source>Aging network</source>
        <translation>Alterungsnetz</translation>
    </message>
    <message>
        <source>Age estimate</source>
        <translation>Altersschätzung</translation>
    </message>
    <message>
        <source>Camera to screen, p50 / p95 / max</source>
        <translation>Kamera bis Bildschirm, p50 / p95 / max</translation>
    </message>
    <message>
        <source>Pictures taken / shown / dropped</source>
        <translation>Bilder aufgenommen / gezeigt / verworfen</translation>
    </message>
    <message>
        <source>Age to show, in years</source>
        <translation>Alter, das gezeigt wird, in Jahren</translation>
    </message>
    <message>
        <source>Drag, scroll, use ← → or type a number. Double-click: as you are.</source>
        <translation>Ziehen, scrollen, ← → oder eine Zahl tippen. Doppelklick: so wie Sie sind.</translation>
    </message>
    <message>
        <source>as you are</source>
        <translation>so wie Sie sind</translation>
    </message>
    <message>
        <source>years</source>
        <translation>Jahre</translation>
    </message>
    <message>
        <source>years · effect off</source>
        <translation>Jahre · Effekt aus</translation>
    </message>
    <message>
        <source>Choose a file …</source>
        <translation>Datei wählen …</translation>
    </message>
    <message>
        <source>Choose the camera or a file</source>
        <translation>Kamera oder Datei wählen</translation>
    </message>
    <message>
        <source>Speed: {line}. Opens the list of steps.</source>
        <translation>Tempo: {line}. Öffnet die Liste der Schritte.</translation>
    </message>
    <message>
        <source>Camera on</source>
        <translation>Kamera an</translation>
    </message>
    <message>
        <source>The camera is open. Ctrl+Shift+B closes it at once.</source>
        <translation>Die Kamera ist offen. Strg+Umschalt+B schließt sie sofort.</translation>
    </message>
    <message>
        <source>Type an age</source>
        <translation>Ein Alter tippen</translation>
    </message>
    <message>
        <source>Go to the next button</source>
        <translation>Zum nächsten Knopf</translation>
    </message>
    <message>
        <source>Keys</source>
        <translation>Tasten</translation>
    </message>
    <message>
        <source>Live picture</source>
        <translation>Lebendes Bild</translation>
    </message>
    <message>
        <source>Before</source>
        <translation>Vorher</translation>
    </message>
    <message>
        <source>After</source>
        <translation>Nachher</translation>
    </message>
    <message>
        <source>Everything stays on this computer</source>
        <translation>Alles bleibt auf diesem Computer</translation>
    </message>
    <message>
        <source>Erase what is stored …</source>
        <translation>Gespeichertes löschen …</translation>
    </message>
    <message>
        <source>Erase</source>
        <translation>Löschen</translation>
    </message>
    <message>
        <source>Keep</source>
        <translation>Behalten</translation>
    </message>
    <message>
        <source>Erase the settings and all snapshots? They cannot be brought back.</source>
        <translation>Einstellungen und alle Schnappschüsse löschen? Sie lassen sich nicht zurückholen.</translation>
    </message>
    <message>
        <source>No picture leaves it, and nothing is sent anywhere.</source>
        <translation>Kein Bild verlässt ihn, und nichts wird irgendwohin gesendet.</translation>
    </message>
    <message>
        <source>No picture leaves it, and nothing is sent anywhere. Stored are:</source>
        <translation>Kein Bild verlässt ihn, und nichts wird irgendwohin gesendet. Gespeichert sind:</translation>
    </message>
    <message>
        <source>Settings: {place}</source>
        <translation>Einstellungen: {place}</translation>
    </message>
    <message>
        <source>Settings: none yet</source>
        <translation>Einstellungen: noch keine</translation>
    </message>
    <message>
        <source>Snapshots: {count}, {size} MB in {place}</source>
        <translation>Schnappschüsse: {count}, {size} MB in {place}</translation>
    </message>
    <message>
        <source>Snapshots: none</source>
        <translation>Schnappschüsse: keine</translation>
    </message>
    <message>
        <source>Picture</source>
        <translation>Bild</translation>
    </message>
    <message>
        <source>On the picture</source>
        <translation>Auf dem Bild</translation>
    </message>
    <message>
        <source>Window</source>
        <translation>Fenster</translation>
    </message>
    <message>
        <source>Detail (pixels of a face)</source>
        <translation>Feinheit (Pixel je Gesicht)</translation>
    </message>
    <message>
        <source>Aim for a delay of</source>
        <translation>Angestrebte Verzögerung</translation>
    </message>
    <message>
        <source>Compute on</source>
        <translation>Rechnen auf</translation>
    </message>
    <message>
        <source>Camera resolution</source>
        <translation>Auflösung der Kamera</translation>
    </message>
    <message>
        <source>Appearance</source>
        <translation>Aussehen</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>Sprache</translation>
    </message>
    <message>
        <source>Automatic</source>
        <translation>Automatisch</translation>
    </message>
    <message>
        <source>Auto</source>
        <translation>Auto</translation>
    </message>
    <message>
        <source>System</source>
        <translation>System</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>Dunkel</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>Hell</translation>
    </message>
    <message>
        <source>Mark faces</source>
        <translation>Gesichter markieren</translation>
    </message>
    <message>
        <source>Say how old a face looks</source>
        <translation>Sagen, wie alt ein Gesicht wirkt</translation>
    </message>
    <message>
        <source>Show the points of the face</source>
        <translation>Punkte des Gesichts zeigen</translation>
    </message>
    <message>
        <source>Less motion</source>
        <translation>Weniger Bewegung</translation>
    </message>
    <message>
        <source>Speed</source>
        <translation>Tempo</translation>
    </message>
    <message>
        <source>Median of each step, for one picture</source>
        <translation>Median jedes Schritts, für ein Bild</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>Schließen</translation>
    </message>
</context>
</TS>

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
        <source>Carry it on into the hair</source>
        <translation>Im Haar weiterführen</translation>
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
        <source>Leave the eyes as they are</source>
        <translation>Augen lassen, wie sie sind</translation>
    </message>
    <message>
        <source>Strength of the change</source>
        <translation>Stärke der Veränderung</translation>
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
    <message>
        <source>People</source>
        <translation>Personen</translation>
    </message>
    <message>
        <source>Choose pictures of one person</source>
        <translation>Bilder einer Person wählen</translation>
    </message>
    <message>
        <source>Pictures</source>
        <translation>Bilder</translation>
    </message>
    <message>
        <source>The names of people are locked.</source>
        <translation>Die Namen der Personen sind verschlossen.</translation>
    </message>
    <message>
        <source>Unlock</source>
        <translation>Öffnen</translation>
    </message>
    <message>
        <source>{name} is known from now on.</source>
        <translation>{name} ist von nun an bekannt.</translation>
    </message>
    <message>
        <source>{name} has more looks now: {count}.</source>
        <translation>{name} hat nun mehr Ansichten: {count}.</translation>
    </message>
    <message>
        <source>Nobody was enrolled: no picture shows the face well enough.</source>
        <translation>Niemand wurde aufgenommen: Kein Bild zeigt das Gesicht gut genug.</translation>
    </message>
    <message>
        <source>Type a passphrase.</source>
        <translation>Geben Sie ein Passwort ein.</translation>
    </message>
    <message>
        <source>The two do not match: type it once more.</source>
        <translation>Die beiden stimmen nicht überein: Geben Sie es noch einmal ein.</translation>
    </message>
    <message>
        <source>No picture comes. Is a camera open?</source>
        <translation>Es kommt kein Bild. Ist eine Kamera offen?</translation>
    </message>
    <message>
        <source>One moment …</source>
        <translation>Einen Moment …</translation>
    </message>
    <message>
        <source>Erase everybody …</source>
        <translation>Alle löschen …</translation>
    </message>
    <message>
        <source>Measure anew</source>
        <translation>Neu vermessen</translation>
    </message>
    <message>
        <source>Nobody can be recognised on this computer</source>
        <translation>Auf diesem Computer kann niemand erkannt werden</translation>
    </message>
    <message>
        <source>Erase everybody for ever?</source>
        <translation>Alle für immer löschen?</translation>
    </message>
    <message>
        <source>What is stored of people cannot be brought back.</source>
        <translation>Was von Personen gespeichert ist, lässt sich nicht zurückholen.</translation>
    </message>
    <message>
        <source>Another program holds the people</source>
        <translation>Ein anderes Programm benutzt die Personen</translation>
    </message>
    <message>
        <source>What is stored of people is damaged</source>
        <translation>Was von Personen gespeichert ist, ist beschädigt</translation>
    </message>
    <message>
        <source>A newer version wrote what is stored of people</source>
        <translation>Eine neuere Version hat die Personen gespeichert</translation>
    </message>
    <message>
        <source>The pictures of people are locked</source>
        <translation>Die Bilder der Personen sind verschlossen</translation>
    </message>
    <message>
        <source>The people cannot be read</source>
        <translation>Die Personen lassen sich nicht lesen</translation>
    </message>
    <message>
        <source>{old} is called {new} now.</source>
        <translation>{old} heißt jetzt {new}.</translation>
    </message>
    <message>
        <source>Everybody is forgotten.</source>
        <translation>Alle sind vergessen.</translation>
    </message>
    <message>
        <source>{name} is forgotten.</source>
        <translation>{name} ist vergessen.</translation>
    </message>
    <message>
        <source>{gone} is {name} now.</source>
        <translation>{gone} ist jetzt {name}.</translation>
    </message>
    <message>
        <source>Everybody can be recognised again.</source>
        <translation>Alle können wieder erkannt werden.</translation>
    </message>
    <message>
        <source>1 person was enrolled with another network</source>
        <translation>1 Person wurde mit einem anderen Netz aufgenommen</translation>
    </message>
    <message>
        <source>{count} people were enrolled with another network</source>
        <translation>{count} Personen wurden mit einem anderen Netz aufgenommen</translation>
    </message>
    <message>
        <source>To be recognised they are measured anew, from the pictures that are kept. Or give each of them more looks.</source>
        <translation>Um erkannt zu werden, werden sie aus den gespeicherten Bildern neu vermessen. Oder nehmen Sie von jeder weitere Ansichten auf.</translation>
    </message>
    <message>
        <source>Small pictures of my face and the numbers computed from them may be kept, encrypted, on this computer, so that it recognises me. They do not leave it, and I can have them removed at any time.</source>
        <translation>Kleine Bilder meines Gesichts und die daraus berechneten Zahlen dürfen verschlüsselt auf diesem Computer aufbewahrt werden, damit er mich erkennt. Sie verlassen ihn nicht, und ich kann sie jederzeit entfernen lassen.</translation>
    </message>
    <message>
        <source>Kept of each person: the name, the consent and its date, a few small pictures of the face, and numbers computed from them. Pictures and numbers are encrypted.</source>
        <translation>Von jeder Person werden aufbewahrt: der Name, die Einwilligung und ihr Datum, einige kleine Bilder des Gesichts und daraus berechnete Zahlen. Bilder und Zahlen sind verschlüsselt.</translation>
    </message>
    <message>
        <source>straight</source>
        <translation>gerade</translation>
    </message>
    <message>
        <source>left</source>
        <translation>links</translation>
    </message>
    <message>
        <source>right</source>
        <translation>rechts</translation>
    </message>
    <message>
        <source>closer</source>
        <translation>näher</translation>
    </message>
    <message>
        <source>Look straight into the camera</source>
        <translation>Schauen Sie gerade in die Kamera</translation>
    </message>
    <message>
        <source>Turn your head a little to the left</source>
        <translation>Drehen Sie den Kopf ein wenig nach links</translation>
    </message>
    <message>
        <source>Turn your head a little to the right</source>
        <translation>Drehen Sie den Kopf ein wenig nach rechts</translation>
    </message>
    <message>
        <source>Look straight again, and come a little closer</source>
        <translation>Schauen Sie wieder gerade und kommen Sie etwas näher</translation>
    </message>
    <message>
        <source>Not quite so far</source>
        <translation>Nicht ganz so weit</translation>
    </message>
    <message>
        <source>The other way, please</source>
        <translation>Bitte andersherum</translation>
    </message>
    <message>
        <source>Done</source>
        <translation>Fertig</translation>
    </message>
    <message>
        <source>Nobody is to be seen: come before the camera</source>
        <translation>Niemand ist zu sehen: Kommen Sie vor die Kamera</translation>
    </message>
    <message>
        <source>Only one face, please</source>
        <translation>Bitte nur ein Gesicht</translation>
    </message>
    <message>
        <source>Move into the middle of the picture</source>
        <translation>Rücken Sie in die Mitte des Bildes</translation>
    </message>
    <message>
        <source>Come a little closer</source>
        <translation>Kommen Sie etwas näher</translation>
    </message>
    <message>
        <source>It is too dark here: turn on a light</source>
        <translation>Hier ist es zu dunkel: Machen Sie Licht</translation>
    </message>
    <message>
        <source>It is too bright here: move out of the light</source>
        <translation>Hier ist es zu hell: Gehen Sie aus dem Licht</translation>
    </message>
    <message>
        <source>The light comes from one side: turn towards it</source>
        <translation>Das Licht kommt von einer Seite: Drehen Sie sich ihm zu</translation>
    </message>
    <message>
        <source>The picture is pale: wipe the lens</source>
        <translation>Das Bild ist flau: Wischen Sie die Linse ab</translation>
    </message>
    <message>
        <source>Look at the camera</source>
        <translation>Schauen Sie in die Kamera</translation>
    </message>
    <message>
        <source>Hold your head upright</source>
        <translation>Halten Sie den Kopf gerade</translation>
    </message>
    <message>
        <source>Lower your chin a little</source>
        <translation>Senken Sie das Kinn ein wenig</translation>
    </message>
    <message>
        <source>Raise your chin a little</source>
        <translation>Heben Sie das Kinn ein wenig</translation>
    </message>
    <message>
        <source>Open your eyes</source>
        <translation>Öffnen Sie die Augen</translation>
    </message>
    <message>
        <source>Hold still for a moment</source>
        <translation>Halten Sie einen Moment still</translation>
    </message>
    <message>
        <source>This is somebody else: only one person, please</source>
        <translation>Das ist jemand anderes: Bitte nur eine Person</translation>
    </message>
    <message>
        <source>no face is to be seen</source>
        <translation>es ist kein Gesicht zu sehen</translation>
    </message>
    <message>
        <source>there are several faces, and it takes one</source>
        <translation>es sind mehrere Gesichter, und es darf nur eines sein</translation>
    </message>
    <message>
        <source>the face is cut off at the edge</source>
        <translation>das Gesicht ist am Rand abgeschnitten</translation>
    </message>
    <message>
        <source>the face is too small</source>
        <translation>das Gesicht ist zu klein</translation>
    </message>
    <message>
        <source>the face is too dark</source>
        <translation>das Gesicht ist zu dunkel</translation>
    </message>
    <message>
        <source>the face is too bright</source>
        <translation>das Gesicht ist zu hell</translation>
    </message>
    <message>
        <source>the light comes from one side</source>
        <translation>das Licht kommt von einer Seite</translation>
    </message>
    <message>
        <source>the picture is pale</source>
        <translation>das Bild ist flau</translation>
    </message>
    <message>
        <source>the face is turned away</source>
        <translation>das Gesicht ist abgewandt</translation>
    </message>
    <message>
        <source>the head is tilted</source>
        <translation>der Kopf ist geneigt</translation>
    </message>
    <message>
        <source>the face looks up</source>
        <translation>das Gesicht schaut nach oben</translation>
    </message>
    <message>
        <source>the face looks down</source>
        <translation>das Gesicht schaut nach unten</translation>
    </message>
    <message>
        <source>the eyes are closed</source>
        <translation>die Augen sind geschlossen</translation>
    </message>
    <message>
        <source>the face is blurred</source>
        <translation>das Gesicht ist unscharf</translation>
    </message>
    <message>
        <source>it shows another person than the others</source>
        <translation>es zeigt eine andere Person als die übrigen</translation>
    </message>
    <message>
        <source>the passphrase is wrong: try again.</source>
        <translation>Das Passwort ist falsch: Versuchen Sie es noch einmal.</translation>
    </message>
    <message>
        <source>the system keyring does not answer: unlock it, then try again.</source>
        <translation>Der Schlüsselbund des Systems antwortet nicht: Öffnen Sie ihn und versuchen Sie es noch einmal.</translation>
    </message>
    <message>
        <source>{one} and {other}</source>
        <translation>{one} und {other}</translation>
    </message>
    <message>
        <source>the face is too small ({width} px wide, {needed} are needed)</source>
        <translation>das Gesicht ist zu klein ({width} px breit, {needed} sind nötig)</translation>
    </message>
    <message>
        <source>1 look</source>
        <translation>1 Ansicht</translation>
    </message>
    <message>
        <source>{count} looks</source>
        <translation>{count} Ansichten</translation>
    </message>
    <message>
        <source>A name is needed.</source>
        <translation>Ein Name wird gebraucht.</translation>
    </message>
    <message>
        <source>This name has {count} characters; at most {most} fit.</source>
        <translation>Dieser Name hat {count} Zeichen; höchstens {most} passen.</translation>
    </message>
    <message>
        <source>{name} is enrolled already. Choose another name.</source>
        <translation>{name} ist schon aufgenommen. Wählen Sie einen anderen Namen.</translation>
    </message>
    <message>
        <source>Recognise the face</source>
        <translation>Das Gesicht erkennen</translation>
    </message>
    <message>
        <source>Recognition</source>
        <translation>Erkennung</translation>
    </message>
    <message>
        <source>A passphrase for the people</source>
        <translation>Ein Passwort für die Personen</translation>
    </message>
    <message>
        <source>This computer has no keyring. After a restart this passphrase is asked for again.</source>
        <translation>Dieser Computer hat keinen Schlüsselbund. Nach einem Neustart wird wieder nach diesem Passwort gefragt.</translation>
    </message>
    <message>
        <source>Their passphrase opens them. Until then nobody is recognised.</source>
        <translation>Ihr Passwort öffnet sie. Bis dahin wird niemand erkannt.</translation>
    </message>
    <message>
        <source>New passphrase</source>
        <translation>Neues Passwort</translation>
    </message>
    <message>
        <source>Passphrase</source>
        <translation>Passwort</translation>
    </message>
    <message>
        <source>Once more</source>
        <translation>Noch einmal</translation>
    </message>
    <message>
        <source>Use it</source>
        <translation>Verwenden</translation>
    </message>
    <message>
        <source> and {count} more</source>
        <translation> und {count} weitere</translation>
    </message>
    <message>
        <source>From: {files}</source>
        <translation>Aus: {files}</translation>
    </message>
    <message>
        <source>Look at the pictures</source>
        <translation>Bilder ansehen</translation>
    </message>
    <message>
        <source>Begin</source>
        <translation>Beginnen</translation>
    </message>
    <message>
        <source>Only whoever is to be recognised can agree to this. Let them read it.</source>
        <translation>Nur wer erkannt werden soll, kann einwilligen. Lassen Sie diese Person es lesen.</translation>
    </message>
    <message>
        <source>I agree</source>
        <translation>Ich willige ein</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>Name</translation>
    </message>
    <message>
        <source>How should the mirror call you?</source>
        <translation>Wie soll der Spiegel Sie nennen?</translation>
    </message>
    <message>
        <source>Leave this one out</source>
        <translation>Dies auslassen</translation>
    </message>
    <message>
        <source>Progress</source>
        <translation>Fortschritt</translation>
    </message>
    <message>
        <source>Not taken:</source>
        <translation>Nicht genommen:</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>Enrol someone</source>
        <translation>Jemanden aufnehmen</translation>
    </message>
    <message>
        <source>More looks of {name}</source>
        <translation>Weitere Ansichten von {name}</translation>
    </message>
    <message>
        <source>Enrolling {name}</source>
        <translation>{name} wird aufgenommen</translation>
    </message>
    <message>
        <source>Saving …</source>
        <translation>Wird gespeichert …</translation>
    </message>
    <message>
        <source>Looking at the pictures …</source>
        <translation>Die Bilder werden angesehen …</translation>
    </message>
    <message>
        <source>This looks like {name}, who is enrolled already.</source>
        <translation>Das sieht nach {name} aus, hier schon bekannt.</translation>
    </message>
    <message>
        <source>This does not look like {name}.</source>
        <translation>Das sieht nicht aus wie {name}.</translation>
    </message>
    <message>
        <source>Add it all the same</source>
        <translation>Trotzdem hinzufügen</translation>
    </message>
    <message>
        <source>Choose other pictures …</source>
        <translation>Andere Bilder wählen …</translation>
    </message>
    <message>
        <source>This did not work</source>
        <translation>Das hat nicht geklappt</translation>
    </message>
    <message>
        <source>Looking who is here …</source>
        <translation>Es wird nachgesehen …</translation>
    </message>
    <message>
        <source>Nobody is known here yet. Whoever likes is known by name in ten seconds.</source>
        <translation>Noch ist hier niemand bekannt. Wer mag, ist in zehn Sekunden beim Namen bekannt.</translation>
    </message>
    <message>
        <source>From pictures …</source>
        <translation>Aus Bildern …</translation>
    </message>
    <message>
        <source>or let picture files go here</source>
        <translation>oder Bilddateien hier loslassen</translation>
    </message>
    <message>
        <source>shown at {years}</source>
        <translation>gezeigt mit {years}</translation>
    </message>
    <message>
        <source>not recognised now</source>
        <translation>wird gerade nicht erkannt</translation>
    </message>
    <message>
        <source>Rename</source>
        <translation>Umbenennen</translation>
    </message>
    <message>
        <source>When recognised, shown at</source>
        <translation>Beim Erkennen gezeigt mit</translation>
    </message>
    <message>
        <source> years</source>
        <translation> Jahren</translation>
    </message>
    <message>
        <source>Add more looks</source>
        <translation>Weitere Ansichten</translation>
    </message>
    <message>
        <source>Camera</source>
        <translation>Kamera</translation>
    </message>
    <message>
        <source>Pictures …</source>
        <translation>Bilder …</translation>
    </message>
    <message>
        <source>Is the same person as</source>
        <translation>Ist dieselbe Person wie</translation>
    </message>
    <message>
        <source>Merge …</source>
        <translation>Vereinen …</translation>
    </message>
    <message>
        <source>Forget {name} for ever?</source>
        <translation>{name} für immer vergessen?</translation>
    </message>
    <message>
        <source>The pictures and numbers of this face are erased and cannot be brought back.</source>
        <translation>Die Bilder und Zahlen dieses Gesichts werden gelöscht und lassen sich nicht zurückholen.</translation>
    </message>
    <message>
        <source>Forget</source>
        <translation>Vergessen</translation>
    </message>
    <message>
        <source>{gone} becomes {name}?</source>
        <translation>Wird {gone} zu {name}?</translation>
    </message>
    <message>
        <source>All looks of both belong to {name} then. This cannot be undone.</source>
        <translation>Alle Ansichten beider gehören dann zu {name}. Das lässt sich nicht rückgängig machen.</translation>
    </message>
    <message>
        <source>Merge</source>
        <translation>Vereinen</translation>
    </message>
    <message>
        <source>People: nobody</source>
        <translation>Personen: niemand</translation>
    </message>
    <message>
        <source>People: {count} in {place}: names, consent, encrypted pictures and numbers of faces</source>
        <translation>Personen: {count} in {place}: Namen, Einwilligung, verschlüsselte Bilder und Zahlen von Gesichtern</translation>
    </message>
    <message>
        <source>People: a file that cannot be read, {place}</source>
        <translation>Personen: eine Datei, die sich nicht lesen lässt, {place}</translation>
    </message>
    <message>
        <source>like the dial</source>
        <translation>wie am Regler</translation>
    </message>
    <message>
        <source>Forget …</source>
        <translation>Vergessen …</translation>
    </message>
    <message>
        <source>The same person</source>
        <translation>Dieselbe Person</translation>
    </message>
    <message>
        <source>Someone else</source>
        <translation>Jemand anderes</translation>
    </message>
    <message>
        <source>it is too large for the memory of this computer</source>
        <translation>es ist zu groß für den Speicher dieses Computers</translation>
    </message>
    <message>
        <source>it is the same picture as {other}</source>
        <translation>es ist dasselbe Bild wie {other}</translation>
    </message>
    <message>
        <source>Back to the dial</source>
        <translation>Zurück zum Regler</translation>
    </message>
    <message>
        <source>Look inside</source>
        <translation>Hineinschauen</translation>
    </message>
    <message>
        <source>Find</source>
        <translation>Finden</translation>
    </message>
    <message>
        <source>The detector proposes boxes (thin); of those that lie over each other, the best one stays (bold).</source>
        <translation>Der Detektor schlägt Rahmen vor (dünn); von denen, die übereinanderliegen, bleibt der beste (dick).</translation>
    </message>
    <message>
        <source>Map</source>
        <translation>Vermessen</translation>
    </message>
    <message>
        <source>478 points lie on the face; eyes, nose and mouth turn and scale it to how the networks know faces.</source>
        <translation>478 Punkte liegen auf dem Gesicht; Augen, Nase und Mund drehen und skalieren es so, wie die Netze Gesichter kennen.</translation>
    </message>
    <message>
        <source>The network gives every year a chance; the middle of the hill is the guess, its width the doubt.</source>
        <translation>Das Netz gibt jedem Jahr eine Chance; die Mitte des Hügels ist die Schätzung, seine Breite der Zweifel.</translation>
    </message>
    <message>
        <source>Recognise</source>
        <translation>Erkennen</translation>
    </message>
    <message>
        <source>The face becomes a direction among many; a bar tells how closely it points where a person&apos;s does.</source>
        <translation>Das Gesicht wird zu einer Richtung unter vielen; ein Balken sagt, wie genau sie dorthin zeigt, wohin die einer Person zeigt.</translation>
    </message>
    <message>
        <source>Change</source>
        <translation>Verändern</translation>
    </message>
    <message>
        <source>This is all that the generator adds: where it makes brighter or darker, and the mask that limits it.</source>
        <translation>Nur das fügt der Generator hinzu: wo er heller oder dunkler macht, und die Maske, die es begrenzt.</translation>
    </message>
    <message>
        <source>Blend</source>
        <translation>Einblenden</translation>
    </message>
    <message>
        <source>The face plus what is added, times the mask; every pixel outside stays as the camera took it.</source>
        <translation>Das Gesicht plus das Hinzugefügte, mal die Maske; jeder Pixel außerhalb bleibt, wie die Kamera ihn aufnahm.</translation>
    </message>
    <message>
        <source>{found} proposed, {kept} kept</source>
        <translation>{found} vorgeschlagen, {kept} behalten</translation>
    </message>
    <message>
        <source>No face in sight</source>
        <translation>Kein Gesicht zu sehen</translation>
    </message>
    <message>
        <source>Nobody to compare with: enrol people with P</source>
        <translation>Niemand zum Vergleichen: mit P Personen aufnehmen</translation>
    </message>
    <message>
        <source>Comparing …</source>
        <translation>Vergleicht …</translation>
    </message>
    <message>
        <source>most like {name}</source>
        <translation>am ähnlichsten: {name}</translation>
    </message>
    <message>
        <source>nobody who is known</source>
        <translation>niemand, der bekannt ist</translation>
    </message>
    <message>
        <source>Nothing is changed: turn the dial to an age</source>
        <translation>Nichts wird verändert: Den Regler auf ein Alter drehen</translation>
    </message>
    <message>
        <source>by {levels} of 255 at most, for the age of {years}</source>
        <translation>um höchstens {levels} von 255, für das Alter {years}</translation>
    </message>
    <message>
        <source>Mask</source>
        <translation>Maske</translation>
    </message>
    <message>
        <source>All together {ms} ms a picture (medians)</source>
        <translation>Zusammen {ms} ms je Bild (Mediane)</translation>
    </message>
    <message>
        <source>Paint the picture in the next style</source>
        <translation>Das Bild im nächsten Stil malen</translation>
    </message>
    <message>
        <source>The style cannot be shown: {cause}</source>
        <translation>Der Stil kann nicht gezeigt werden: {cause}</translation>
    </message>
    <message>
        <source>Painted as</source>
        <translation>Gemalt als</translation>
    </message>
    <message>
        <source>Not at all</source>
        <translation>Gar nicht</translation>
    </message>
    <message>
        <source>Oil</source>
        <translation>Öl</translation>
    </message>
    <message>
        <source>Ink</source>
        <translation>Tusche</translation>
    </message>
    <message>
        <source>Glass</source>
        <translation>Glas</translation>
    </message>
    <message>
        <source>100 % · not changed</source>
        <translation>100 % · unverändert</translation>
    </message>
    <message>
        <source>A newer version of this program wrote the file of the people.</source>
        <translation>Eine neuere Version dieses Programms hat die Datei der Personen geschrieben.</translation>
    </message>
    <message>
        <source>A setting has a value that is not offered.</source>
        <translation>Eine Einstellung hat einen Wert, den es nicht gibt.</translation>
    </message>
    <message>
        <source>A sweep takes</source>
        <translation>Eine Altersfahrt dauert</translation>
    </message>
    <message>
        <source>Age and likeness of the result</source>
        <translation>Alter und Ähnlichkeit des Ergebnisses</translation>
    </message>
    <message>
        <source>Another program is using the file of the people. Try again soon.</source>
        <translation>Ein anderes Programm benutzt die Datei der Personen. Versuchen Sie es gleich noch einmal.</translation>
    </message>
    <message>
        <source>Erase the settings, all snapshots, recordings and people? They cannot be brought back.</source>
        <translation>Einstellungen, alle Schnappschüsse, Aufnahmen und Personen löschen? Sie lassen sich nicht zurückholen.</translation>
    </message>
    <message>
        <source>Likeness</source>
        <translation>Ähnlichkeit</translation>
    </message>
    <message>
        <source>Look for a hand before it</source>
        <translation>Nach einer Hand davor sehen</translation>
    </message>
    <message>
        <source>No camera answered. Is one plugged in, and is no other program using it?</source>
        <translation>Keine Kamera hat geantwortet. Ist eine angeschlossen, und benutzt sie kein anderes Programm?</translation>
    </message>
    <message>
        <source>No pictures come from the camera or file. Trying again …</source>
        <translation>Von der Kamera oder Datei kommen keine Bilder. Es wird weiter versucht …</translation>
    </message>
    <message>
        <source>Record a sweep</source>
        <translation>Eine Altersfahrt aufnehmen</translation>
    </message>
    <message>
        <source>Record what is shown</source>
        <translation>Aufnehmen, was zu sehen ist</translation>
    </message>
    <message>
        <source>Recorded {seconds} seconds, with gaps (this computer was busy): {place}</source>
        <translation>{seconds} Sekunden aufgenommen, mit Lücken (der Computer war beschäftigt): {place}</translation>
    </message>
    <message>
        <source>Recorded {seconds} seconds: {place}</source>
        <translation>{seconds} Sekunden aufgenommen: {place}</translation>
    </message>
    <message>
        <source>Recording. Press to end it and save it.</source>
        <translation>Es wird aufgenommen. Drücken beendet und speichert.</translation>
    </message>
    <message>
        <source>Recordings: {count}, {size} MB in {place}</source>
        <translation>Aufnahmen: {count}, {size} MB in {place}</translation>
    </message>
    <message>
        <source>Result looks</source>
        <translation>Ergebnis wirkt wie</translation>
    </message>
    <message>
        <source>Show age and likeness of the result</source>
        <translation>Alter und Ähnlichkeit des Ergebnisses zeigen</translation>
    </message>
    <message>
        <source>Something went wrong inside the program. Starting again usually helps.</source>
        <translation>Im Programm ist etwas schiefgegangen. Ein neuer Start hilft meistens.</translation>
    </message>
    <message>
        <source>The file could not be written. Is there room on the disk, and may its folder be written to?</source>
        <translation>Die Datei ließ sich nicht schreiben. Ist noch Platz, und darf in ihren Ordner geschrieben werden?</translation>
    </message>
    <message>
        <source>The file of a network is missing or damaged. Get the program's weights folder anew.</source>
        <translation>Die Datei eines Netzes fehlt oder ist beschädigt. Holen Sie den Ordner „weights“ des Programms neu.</translation>
    </message>
    <message>
        <source>The file of the people cannot be read or changed.</source>
        <translation>Die Datei der Personen lässt sich nicht lesen oder ändern.</translation>
    </message>
    <message>
        <source>The file of the people is damaged.</source>
        <translation>Die Datei der Personen ist beschädigt.</translation>
    </message>
    <message>
        <source>The mirror could not do this now. Try again.</source>
        <translation>Das ging gerade nicht. Versuchen Sie es noch einmal.</translation>
    </message>
    <message>
        <source>The networks cannot run on the chosen device. Choose another one in the settings.</source>
        <translation>Auf dem gewählten Gerät laufen die Netze nicht. Wählen Sie in den Einstellungen ein anderes.</translation>
    </message>
    <message>
        <source>The picture stands still. It is being opened again …</source>
        <translation>Das Bild steht still. Es wird neu geöffnet …</translation>
    </message>
    <message>
        <source>There is no picture to record yet.</source>
        <translation>Es gibt noch kein Bild zum Aufnehmen.</translation>
    </message>
    <message>
        <source>This file cannot be used. Choose another one.</source>
        <translation>Diese Datei lässt sich nicht verwenden. Wählen Sie eine andere.</translation>
    </message>
    <message>
        <source>This file is not a picture that can be read.</source>
        <translation>Diese Datei ist kein lesbares Bild.</translation>
    </message>
    <message>
        <source>This file is not a video that can be read.</source>
        <translation>Diese Datei ist kein lesbares Video.</translation>
    </message>
    <message>
        <source>What is kept encrypted cannot be opened.</source>
        <translation>Was verschlüsselt ist, lässt sich nicht öffnen.</translation>
    </message>
    <message>
        <source>a faint likeness</source>
        <translation>entfernt ähnlich</translation>
    </message>
    <message>
        <source>cannot be measured here</source>
        <translation>hier nicht messbar</translation>
    </message>
    <message>
        <source>clearly the same person</source>
        <translation>klar dieselbe Person</translation>
    </message>
    <message>
        <source>like another person</source>
        <translation>wie eine andere Person</translation>
    </message>
    <message>
        <source>measuring …</source>
        <translation>wird gemessen …</translation>
    </message>
    <message>
        <source>still the same person</source>
        <translation>noch dieselbe Person</translation>
    </message>
    <message>
        <source>years · set for {name}</source>
        <translation>Jahre · für {name} gewählt</translation>
    </message>
    <message>
        <source>{name} at {years}</source>
        <translation>{name} mit {years}</translation>
    </message>
    <message>
        <source>{percent} % · {words}</source>
        <translation>{percent} % · {words}</translation>
    </message>
    <message>
        <source>End the recording and save it</source>
        <translation>Aufnahme beenden und speichern</translation>
    </message>
    <message>
        <source>Sweep</source>
        <translation>Altersfahrt</translation>
    </message>
</context>
</TS>

<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

/** Brings what needs a person to the shop's staff, once: mail, notification rules, activity log. */
final class Alerts
{
    private const SAME_WITHIN = 7 * 86400;

    /** @param string $occasion tells two alerts of the same words apart */
    public static function show(string $text, int $clientId = 0, string $occasion = ''): void
    {
        $line = Text::told($text);
        if ($line === '' || !Notebook::firstWithin(self::SAME_WITHIN, 'alert', sha1($line . "\n" . $occasion))) {
            return;
        }
        Log::activity($line, $clientId);
        $subject = Language::text('alert_subject');
        // Neither way is sure to be set up; the activity log has it in any case.
        Guarded::orElse('alert mail', static fn () => LocalCall::make('SendAdminEmail', [
            'customsubject' => $subject,
            'custommessage' => Text::html($line),
            'type' => 'system',
        ]), []);
        Guarded::orElse('alert notification', static fn () => LocalCall::make('TriggerNotificationEvent', [
            'notification_identifier' => 'panelbridge.alert',
            'title' => $subject,
            'message' => $line,
        ]), []);
    }
}

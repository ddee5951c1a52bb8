<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

/**
 * The form on the admin's product page: extend by a duration, adopt an account. It is sent with the page's own Save,
 * whose hook has no error channel, so the result waits in the session for the page that follows.
 */
final class AdminForm
{
    private const EXTEND = 'extend';
    private const RESULT = 'form result ';

    public static function extend(ServiceCall $call): string
    {
        $token = OneShot::forForm($call->server, self::EXTEND, $call->params->serviceId());
        $field = static fn (string $name, string $rest): string =>
            '<input name="panelbridge_' . $name . '" ' . $rest . '>';
        return '<div class="form-inline">'
            . $field('extend_token', 'type="hidden" value="' . Text::html($token) . '"')
            . '<label>' . Text::html(Language::text('form_by')) . ' '
            . $field('extend_by', 'type="text" class="form-control input-80" size="6" maxlength="4" placeholder="1m"')
            . '</label> <label>' . Text::html(Language::text('form_note')) . ' '
            . $field('extend_note', 'type="text" class="form-control input-300" size="40" maxlength="200"')
            . '</label> <label class="checkbox-inline">' . $field('extend_due', 'type="checkbox" value="1"') . ' '
            . Text::html(Language::text('form_due')) . '</label></div>'
            . '<p class="help-block">' . Text::html(Language::text('form_extend_help')) . '</p>';
    }

    public static function adopt(): string
    {
        return '<input name="panelbridge_adopt_id" type="text" class="form-control input-150" size="12" maxlength="64">'
            . '<p class="help-block">' . Text::html(Language::text('form_adopt_help')) . '</p>';
    }

    /** What the last Save did, once; a moved due date is read back from WHMCS here, after the page's own save. */
    public static function told(ServiceCall $call): string
    {
        $name = self::RESULT . $call->params->serviceId();
        $result = Visit::recall($name);
        if (!is_array($result)) {
            return '';
        }
        Visit::forget($name);
        $kind = ($result['ok'] ?? false) === true ? 'success' : 'danger';
        $html = AdminTab::note((string) ($result['text'] ?? ''), $kind);
        $due = (string) ($result['due'] ?? '');
        if ($due === '') {
            return $html;
        }
        $now = DueDate::of($call->params->serviceId());
        return $html . ($now === $due
            ? AdminTab::note(Language::text('due_moved', ['date' => $due]), 'success')
            : AdminTab::note(Language::text('due_not_moved', ['date' => $due, 'now' => $now]), 'danger'));
    }

    /** Runs what the posted form asks for; nothing when it asks for nothing. */
    public static function save(Params $params): void
    {
        $posted = Visit::posted();
        $by = $posted->text('panelbridge_extend_by');
        $adopt = $posted->text('panelbridge_adopt_id');
        if ($by === '' && $adopt === '') {
            return;
        }
        $serviceId = $params->serviceId();
        try {
            $call = ServiceCall::about($params);
            $token = $posted->text('panelbridge_extend_token');
            if (!OneShot::isOurs($token, $call->server, self::EXTEND, $serviceId)) {
                throw CallError::here('stale_page');
            }
            $result = $by !== '' ? self::extendBy($call, $posted, $by, $token) : self::adopted($call, $adopt);
        } catch (CallError $error) {
            $verb = Language::text($by !== '' ? 'verb_Extend' : 'verb_Adopt');
            $result = ['ok' => false, 'text' => $error->told($verb)];
        } catch (\Throwable $thrown) {
            $result = ['ok' => false, 'text' => Guarded::unexpected('AdminServicesTabFieldsSave', $thrown)];
        }
        Visit::remember(self::RESULT . $serviceId, $result);
        $line = Language::text('form_logged', ['id' => $serviceId, 'text' => $result['text']]);
        Log::activity($line, $params->number('userid'));
    }

    /** @return array{ok: bool, text: string, due?: string} */
    private static function extendBy(ServiceCall $call, Params $posted, string $by, string $token): array
    {
        $note = $posted->text('panelbridge_extend_note');
        if (preg_match('/^[1-9]\d{0,2}[md]$/', $by) !== 1) {
            throw CallError::here('bad_duration');
        }
        if (mb_strlen($note) < 3) {
            throw CallError::here('no_note');
        }
        $serviceId = $call->params->serviceId();
        $send = static fn (): Answer => $call->send('Extend', ['by' => $by, 'note' => $note], ['token' => $token]);
        $answer = OneShot::spend(self::EXTEND, $serviceId, $token, $send);
        AccountView::forget($serviceId);
        $until = is_string($answer->data['entitled_until'] ?? null) ? $answer->data['entitled_until'] : '';
        if ($answer->isPending() || $until === '') {
            $due = $posted->flag('panelbridge_extend_due') ? ' ' . Language::text('due_untouched') : '';
            return ['ok' => true, 'text' => Lifecycle::pending($answer) . $due];
        }
        $values = ['by' => $by, 'until' => Text::time($until)];
        $result = ['ok' => true, 'text' => Language::text('extended', $values)];
        if (!$posted->flag('panelbridge_extend_due')) {
            return $result;
        }
        $date = DueDate::fromTime($until);
        try {
            DueDate::move($serviceId, $date);
        } catch (CallError $error) {
            return ['ok' => false, 'text' => $result['text'] . ' ' . Text::sentence($error->why)];
        }
        return $result + ['due' => $date];
    }

    /** @return array{ok: bool, text: string} */
    private static function adopted(ServiceCall $call, string $accountId): array
    {
        $told = AdminButtons::adoptAccount($call, $accountId);
        $text = $told === Guarded::SUCCESS ? Language::text('adopted', ['account' => Text::line($accountId)]) : $told;
        return ['ok' => true, 'text' => $text];
    }
}

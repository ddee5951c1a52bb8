<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

/** WHMCS's internal API, with its error turned into an exception. */
final class LocalCall
{
    /**
     * @param array<string, mixed> $values
     * @return array<string, mixed>
     * @throws CallError when WHMCS says anything but success
     */
    public static function make(string $action, array $values): array
    {
        $answer = function_exists('localAPI') ? localAPI($action, $values) : [];
        if (!is_array($answer) || ($answer['result'] ?? '') !== 'success') {
            $why = is_array($answer) && is_string($answer['message'] ?? null) ? Text::told($answer['message']) : '';
            $reason = $why === '' ? Language::text('why_no_reason', ['status' => $action]) : $why;
            throw CallError::notStored(Language::text('why_not_stored', ['why' => $action . ': ' . $reason]));
        }
        return $answer;
    }
}

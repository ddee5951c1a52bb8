<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

/** WHMCS's two logs. Nothing reaches them but what is named here, redacted by key and then by value. */
final class Log
{
    private const REQUEST_KEYS = [
        'serviceid', 'userid', 'pid', 'serverid', 'addonId', 'qty', 'status', 'suspendreason', 'billingcycle',
        'nextduedate', 'regdate', 'configoption1', 'configoption2', 'configoption3', 'username', 'by', 'operation',
        'operations', 'cursor', 'account_id', 'new_plan', 'new_cycle', 'cancellation', 'invoice_id', 'services',
        'from_userid', 'to_userid', 'hooks_detected', 'highest_operation', 'waiting',
    ];
    private const CALL_KEYS = ['actor', 'closing', 'invoice_item', 'fresh', 'with_password'];
    private const ACCOUNT_KEYS = [
        'username', 'state', 'expires_at', 'entitled_until', 'plan', 'term', 'package', 'live',
    ];

    /**
     * @param array<string, mixed> $body what was sent
     * @param Answer|string $outcome the answer, or why there is none
     */
    public static function call(string $function, array $body, Answer|string $outcome): void
    {
        if (!function_exists('logModuleCall')) {
            return;
        }
        $request = array_intersect_key($body, array_flip(self::REQUEST_KEYS));
        $request['call'] = array_intersect_key((array) ($body['call'] ?? []), array_flip(self::CALL_KEYS));
        $response = is_string($outcome) ? ['failed' => Text::told($outcome)] : self::summary($outcome);
        logModuleCall(
            Version::MODULE,
            $function,
            self::json($request),
            self::json($response),
            '',
            Redactor::masks()
        );
    }

    /** One line of the always-on activity log: business events only. */
    public static function activity(string $message, int $clientId = 0): void
    {
        if (function_exists('logActivity')) {
            logActivity('Panelbridge: ' . Text::told($message), $clientId);
        }
    }

    /** @return array<string, mixed> */
    private static function summary(Answer $answer): array
    {
        return [
            'http' => $answer->status,
            'result' => $answer->result,
            'message' => $answer->message,
            'code' => $answer->code,
            'request_id' => $answer->requestId,
            'operation' => $answer->operation,
            'account' => array_intersect_key($answer->account, array_flip(self::ACCOUNT_KEYS)),
        ];
    }

    /** @param array<mixed> $named */
    private static function json(array $named): string
    {
        $flags = JSON_PRETTY_PRINT | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_INVALID_UTF8_SUBSTITUTE;
        return Redactor::clean((string) json_encode(Redactor::cleanNamed($named), $flags));
    }
}
